/** A parsed model reference (spec 2.4). */
export interface ModelRef {
  provider: string;
  modelId: string;
  /** The part after `@`: an auth profile. */
  profileId?: string;
}

const PROVIDER_ALIASES: ReadonlyMap<string, string> = new Map([["z.ai", "zai"]]);

/** Provider ids are compared in lower case. */
export function normalizeProviderId(raw: string): string {
  const id = raw.trim().toLowerCase();
  return PROVIDER_ALIASES.get(id) ?? id;
}

/**
 * Splits `provider/model[@profile]` at the first slash; the model part may hold more of them. Without a
 * slash the provider is `defaultProvider`; `undefined` when there is none, or nothing to name.
 */
export function parseModelRef(raw: string, defaultProvider?: string): ModelRef | undefined {
  const text = raw.trim();
  const slash = text.indexOf("/");
  const provider = slash > 0 ? text.slice(0, slash) : defaultProvider;
  const rest = slash >= 0 ? text.slice(slash + 1) : text;
  const at = rest.lastIndexOf("@");
  const modelId = at > 0 ? rest.slice(0, at) : rest;
  const profileId = at > 0 ? rest.slice(at + 1) : "";
  if (!provider || modelId.length === 0) return undefined;
  return { provider: normalizeProviderId(provider), modelId, ...(profileId ? { profileId } : {}) };
}

export function formatModelRef(ref: { provider: string; modelId: string }): string {
  return `${ref.provider}/${ref.modelId}`;
}
