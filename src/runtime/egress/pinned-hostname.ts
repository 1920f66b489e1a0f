import { lookup as systemLookup } from "node:dns/promises";
import type { EgressPolicy, LookupFunction } from "../../contracts/egress.ts";
import {
  isAllowedHost,
  isBlockedHostnameOrIp,
  isListedHost,
  isPrivateIpAddress,
  normalizeHost,
} from "./addresses.ts";
import { SsrFBlockedError } from "./blocked-error.ts";

/** A host that may be reached, at the addresses that were checked and no others. */
export interface PinnedHostname {
  hostname: string;
  addresses: string[];
  lookup(
    hostname: string,
    options: unknown,
    callback: (error: Error | null, address: unknown, family?: number) => void,
  ): void;
}

/** @throws SsrFBlockedError for a host that the policy does not let through by its name */
export function assertAllowedHost(host: string, policy: EgressPolicy | undefined): void {
  if (!isListedHost(host, policy?.hostnameAllowlist)) {
    throw new SsrFBlockedError(`"${host}" is not in the list of allowed hosts`);
  }
  if (isBlockedHostnameOrIp(host, policy)) {
    throw new SsrFBlockedError(
      `"${host}" is a private, local or metadata address; allow it in the configuration`,
    );
  }
}

/** Resolves a name once, checks every answer, and gives a lookup that can answer nothing else. */
export async function resolvePinnedHostnameWithPolicy(
  hostname: string,
  params: { lookupFn?: LookupFunction; policy?: EgressPolicy; signal?: AbortSignal } = {},
): Promise<PinnedHostname> {
  const host = normalizeHost(hostname);
  const { policy } = params;
  assertAllowedHost(host, policy);
  const lookupFn = params.lookupFn ?? (systemLookup as LookupFunction);
  const answers = await lookupFn(host, { all: true, verbatim: true });
  const addresses = [...new Set(answers.map(({ address }) => address))];
  if (addresses.length === 0) throw new Error(`"${host}" has no address`);
  const open =
    policy?.allowPrivateNetwork || policy?.dangerouslyAllowPrivateNetwork || isAllowedHost(host, policy);
  const blocked = addresses.find((address) =>
    open ? isBlockedHostnameOrIp(address, { allowPrivateNetwork: true }) : isPrivateIpAddress(address),
  );
  if (blocked !== undefined) {
    throw new SsrFBlockedError(`"${host}" resolves to ${blocked}, which is not a public address`);
  }
  const pinned = answers.map(({ address, family }) => ({
    address,
    family: family || (address.includes(":") ? 6 : 4),
  }));
  return {
    hostname: host,
    addresses,
    lookup(name, options, callback) {
      if (normalizeHost(name) !== host) {
        callback(new SsrFBlockedError(`"${name}" is not the host that was checked`), "");
        return;
      }
      if ((options as { all?: boolean } | undefined)?.all) callback(null, pinned);
      else callback(null, pinned[0]?.address, pinned[0]?.family);
    },
  };
}
