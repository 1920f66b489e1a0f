import { parseModelRef as parse } from "../runtime/models/index.ts";

export { normalizeProviderId } from "../runtime/models/index.ts";

/** Splits `provider/model`; without a provider part `defaultProvider` is meant. `null`: nothing to name. */
export function parseModelRef(
  raw: string,
  defaultProvider?: string,
): { provider: string; model: string } | null {
  const parsed = parse(raw, defaultProvider);
  return parsed ? { provider: parsed.provider, model: parsed.modelId } : null;
}
