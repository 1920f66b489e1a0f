import { SecretResolver } from "../../runtime/config/index.ts";
import { resolveStateDir } from "../state-paths.ts";
import { asOptionalRecord, asRecordOrEmpty, isRecord, readPath } from "../values/records.ts";
import { coerceSecretRef, normalizeSecretInputString, type SecretRef } from "./secret-input.ts";

type Config = Readonly<Record<string, unknown>>;
type Environment = Readonly<Record<string, string | undefined>>;

export interface ConfiguredSecret {
  value?: string;
  ref?: SecretRef;
  /** Why a reference has no value here; never with a value in it. */
  unresolvedRefReason?: string;
}

/** The value of a secret setting of the source configuration: itself, or what its reference points to. */
export async function resolveConfiguredSecretInputString(params: {
  config: Config;
  env?: Environment;
  value: unknown;
  path: string;
  unresolvedReasonStyle?: "generic" | "detailed";
}): Promise<ConfiguredSecret> {
  const { config, path, value } = params;
  const ref = coerceSecretRef(value, asOptionalRecord(readPath(config, ["secrets", "defaults"])));
  if (!ref) {
    const text = normalizeSecretInputString(value);
    return text === undefined ? {} : { value: text };
  }
  try {
    const resolver = new SecretResolver(params.env ?? process.env, config, resolveStateDir());
    const resolved = normalizeSecretInputString(await resolver.resolve(ref));
    if (resolved !== undefined) return { value: resolved, ref };
    return { ref, unresolvedRefReason: `${path} refers to a secret that is empty` };
  } catch (error) {
    const detail =
      params.unresolvedReasonStyle === "detailed" ? ` (${ref.source}:${ref.provider}:${ref.id})` : "";
    const reason = error instanceof Error ? error.message : String(error);
    return {
      ref,
      unresolvedRefReason: `${path} refers to a secret that is not available${detail}: ${reason}`,
    };
  }
}

/** Whether an environment reference may be read without the running gateway: its provider is one, and allows it. */
export function canResolveEnvSecretRefInReadOnlyPath(params: {
  cfg?: Config | undefined;
  provider: string;
  id: string;
}): boolean {
  const providers = asRecordOrEmpty(readPath(params.cfg ?? {}, ["secrets", "providers"]));
  const provider = Object.hasOwn(providers, params.provider) ? providers[params.provider] : undefined;
  if (!isRecord(provider)) {
    const stated = readPath(params.cfg ?? {}, ["secrets", "defaults", "env"]);
    return params.provider === (typeof stated === "string" ? stated : "default");
  }
  const allowed = provider["allow"] ?? provider["allowlist"];
  return provider["source"] === "env" && (!Array.isArray(allowed) || allowed.includes(params.id));
}
