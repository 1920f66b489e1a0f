import { lookup as systemLookup } from "node:dns/promises";
import type { EgressPolicy, LookupFunction } from "../../contracts/egress.ts";
import { isBlockedHostnameOrIp, isPrivateIpAddress } from "../../runtime/egress/index.ts";

/** Settings that open the private network to guarded requests, and the policies they stand for. */

type OptInInput =
  | boolean
  | null
  | undefined
  | {
      allowPrivateNetwork?: boolean | null;
      dangerouslyAllowPrivateNetwork?: boolean | null;
      network?: { dangerouslyAllowPrivateNetwork?: boolean | null } | null;
    };

export function isPrivateNetworkOptInEnabled(input: OptInInput): boolean {
  if (typeof input === "boolean") return input;
  return (
    input?.allowPrivateNetwork === true ||
    input?.dangerouslyAllowPrivateNetwork === true ||
    input?.network?.dangerouslyAllowPrivateNetwork === true
  );
}

export function ssrfPolicyFromPrivateNetworkOptIn(input: OptInInput): EgressPolicy | undefined {
  return isPrivateNetworkOptInEnabled(input) ? { allowPrivateNetwork: true } : undefined;
}

/** The same from the setting alone. */
export function ssrfPolicyFromDangerouslyAllowPrivateNetwork(
  dangerouslyAllowPrivateNetwork?: boolean | null,
): EgressPolicy | undefined {
  return ssrfPolicyFromPrivateNetworkOptIn(dangerouslyAllowPrivateNetwork);
}

/** Plain HTTP is for hosts of one's own: refuses it for a public one. */
export async function assertHttpUrlTargetsPrivateNetwork(
  url: string,
  params: {
    dangerouslyAllowPrivateNetwork?: boolean | null;
    allowPrivateNetwork?: boolean | null;
    lookupFn?: LookupFunction;
    errorMessage?: string;
  } = {},
): Promise<void> {
  const parsed = new URL(url);
  if (parsed.protocol !== "http:") return;
  const message = params.errorMessage ?? `plain http is only for private hosts; use https for ${parsed.host}`;
  if (isPrivateIpAddress(parsed.hostname) || isBlockedHostnameOrIp(parsed.hostname)) return;
  if (!isPrivateNetworkOptInEnabled(params)) throw new Error(message);
  const answers = await (params.lookupFn ?? (systemLookup as LookupFunction))(parsed.hostname, { all: true });
  if (!answers.every(({ address }) => isPrivateIpAddress(address))) throw new Error(message);
}

/** A policy that allows the one host a person configured, wherever it lies. */
export function ssrfPolicyFromHttpBaseUrlAllowedHostname(baseUrl: string): EgressPolicy | undefined {
  try {
    return { allowedHostnames: [new URL(baseUrl).hostname] };
  } catch {
    return undefined;
  }
}
