import { type EgressPolicy, normalizeHost } from "./addresses.ts";

/** Host suffixes without dots or wildcards in front; `*` alone allows every host. */
export function normalizeHostnameSuffixAllowlist(
  input?: readonly string[],
  defaults: readonly string[] = [],
): string[] {
  const suffixes = (input?.length ? input : defaults)
    .map((entry) => normalizeHost(entry.trim().replace(/^\*?\.+/, "")))
    .filter(Boolean);
  return suffixes.includes("*") ? ["*"] : [...new Set(suffixes)];
}

/** A policy that reaches the suffixes and what lies below them; `undefined` when every host is allowed. */
export function buildHostnameAllowlistPolicyFromSuffixAllowlist(
  allowHosts?: readonly string[],
): EgressPolicy | undefined {
  const suffixes = normalizeHostnameSuffixAllowlist(allowHosts);
  if (suffixes.length === 0 || suffixes.includes("*")) return undefined;
  return { hostnameAllowlist: suffixes.flatMap((suffix) => [suffix, `*.${suffix}`]) };
}
