import type { EgressPolicy } from "../../contracts/egress.ts";
import { normalizeHost } from "../../runtime/egress/index.ts";

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

/** Whether an address is https and its host one of the suffixes or below it; an empty list allows none. */
export function isHttpsUrlAllowedByHostnameSuffixAllowlist(
  url: string,
  allowlist: readonly string[],
): boolean {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return false;
  }
  if (parsed.protocol !== "https:") return false;
  const host = normalizeHost(parsed.hostname);
  const suffixes = normalizeHostnameSuffixAllowlist(allowlist);
  return suffixes.some((suffix) => suffix === "*" || host === suffix || host.endsWith(`.${suffix}`));
}
