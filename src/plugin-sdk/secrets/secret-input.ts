import { isRecord, readPath, type UnknownRecord } from "../values/records.ts";

/** A setting that names where a secret lies instead of holding it. */
export interface SecretRef {
  source: "env" | "file" | "exec" | "store";
  provider: string;
  id: string;
}

export type SecretInputResolution =
  | { status: "available"; value: string; ref: null }
  | { status: "configured_unavailable"; value: undefined; ref: SecretRef }
  | { status: "missing"; value: undefined; ref: null };

const SOURCES: readonly unknown[] = ["env", "file", "exec", "store"];
const DEFAULT_PROVIDER = "default";

export function isSecretRef(value: unknown): value is SecretRef {
  return isRecord(value) && isValidSecretRef(value as unknown as SecretRef);
}

export function isValidSecretRef(ref: SecretRef): boolean {
  const { source, provider, id } = ref as unknown as UnknownRecord;
  return (
    SOURCES.includes(source) && typeof provider === "string" && typeof id === "string" && id.trim() !== ""
  );
}

/** Also reads `${NAME}` and references without a provider. */
export function coerceSecretRef(
  value: unknown,
  defaults?: Readonly<Record<string, unknown>>,
): SecretRef | null {
  if (typeof value === "string") {
    const name = /^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$/.exec(value.trim())?.[1];
    return name ? { source: "env", provider: providerOf("env", defaults), id: name } : null;
  }
  if (!isRecord(value) || !SOURCES.includes(value["source"])) return null;
  const source = value["source"] as SecretRef["source"];
  const ref = {
    source,
    provider: value["provider"] ?? providerOf(source, defaults),
    id: value["id"],
  } as SecretRef;
  return isValidSecretRef(ref) ? ref : null;
}

function providerOf(source: string, defaults: Readonly<Record<string, unknown>> | undefined): string {
  const stated = defaults?.[source];
  return typeof stated === "string" ? stated : DEFAULT_PROVIDER;
}

export function isBuiltInDefaultSecretProviderRef(_config: unknown, ref: SecretRef): boolean {
  return ref.provider === DEFAULT_PROVIDER;
}

/** The provider that references of a source go to when they name none. */
export function resolveDefaultSecretProviderAlias(config: unknown, source: "env" | "file" | "exec"): string {
  const stated = readPath(config, ["secrets", "defaults", source]);
  return typeof stated === "string" && stated.trim() !== "" ? stated.trim() : DEFAULT_PROVIDER;
}

export function normalizeSecretInputString(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}

/** A pasted secret without the line breaks and spaces around it that editors add. */
export function normalizeSecretInput(value: unknown): string {
  return typeof value === "string" ? value.replace(/[\r\n\u2028\u2029]+/g, "").trim() : "";
}

export function hasConfiguredSecretInput(
  value: unknown,
  defaults?: Readonly<Record<string, unknown>>,
): boolean {
  return normalizeSecretInputString(value) !== undefined || coerceSecretRef(value, defaults) !== null;
}

/** The value of a secret setting, or that it is configured but not resolved in this process. */
export function resolveSecretInputString(params: {
  value: unknown;
  refValue?: unknown;
  defaults?: Readonly<Record<string, unknown>>;
  path: string;
  mode?: "inspect" | "strict";
}): SecretInputResolution {
  const ref =
    coerceSecretRef(params.refValue, params.defaults) ?? coerceSecretRef(params.value, params.defaults);
  if (ref) {
    if (params.mode !== "inspect") {
      throw new Error(
        `${params.path} refers to a secret (${ref.source}:${ref.provider}:${ref.id}) that is not resolved here; use the running gateway's configuration`,
      );
    }
    return { status: "configured_unavailable", value: undefined, ref };
  }
  const value = normalizeSecretInputString(params.value);
  return value === undefined
    ? { status: "missing", value: undefined, ref: null }
    : { status: "available", value, ref: null };
}

/** @throws for a reference that is not resolved */
export function normalizeResolvedSecretInputString(params: {
  value: unknown;
  refValue?: unknown;
  defaults?: Readonly<Record<string, unknown>>;
  path: string;
}): string | undefined {
  return resolveSecretInputString(params).value;
}

/** The first of the variables that is set. */
export function readProviderEnvValue(
  names: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): string | undefined {
  for (const name of names) {
    const value = normalizeSecretInput(env[name]);
    if (value !== "") return value;
  }
  return undefined;
}
