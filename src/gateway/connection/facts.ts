import type { IncomingMessage } from "node:http";
import { canonicalAddress, hostName, isLocalHostName, isLoopback } from "./address.ts";
import { normaliseOrigin, originAllowed } from "./origin.ts";

/** What a request tells about where it comes from, decided once and used by WebSocket and HTTP alike. */
export interface RequestFacts {
  /** Canonical address of the client; behind a trusted proxy, the one the proxy names. */
  readonly address: string;
  /** Loopback peer, local `Host`, no forwarding headers: certainly this machine. */
  readonly directLocal: boolean;
  readonly loopback: boolean;
  /** Normalised `Origin` of a page; the raw text when it is no web origin. */
  readonly origin: string | undefined;
  readonly originAllowed: boolean;
  /** Forwarding headers from a peer that is no trusted proxy. */
  readonly forged: boolean;
  /** From `x-openclaw-scopes`: granted scopes are cut down to these. */
  readonly scopeCap: readonly string[] | undefined;
}

const FORWARDING_HEADERS = [
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "forwarded",
  "x-real-ip",
];
const SCOPE_HEADER = "x-openclaw-scopes";
const MAX_SCOPE_HEADER_LENGTH = 1_024;

/** Reads the facts of a request. `trustedProxies` are exact addresses. */
export function requestFacts(
  request: IncomingMessage,
  settings: { allowedOrigins: readonly string[]; trustedProxies: readonly string[] },
): RequestFacts {
  const { headers } = request;
  const peer = canonicalAddress(request.socket.remoteAddress);
  const forwarded = FORWARDING_HEADERS.some((name) => headers[name] !== undefined);
  const viaProxy = forwarded && settings.trustedProxies.includes(peer);
  const loopback = isLoopback(peer);
  const { origin, host } = headers;
  return {
    address: viaProxy ? forwardedAddress(headers["x-forwarded-for"], settings.trustedProxies, peer) : peer,
    directLocal: loopback && !forwarded && isLocalHostName(hostName(host)),
    loopback: loopback && !forwarded,
    origin: origin === undefined ? undefined : (normaliseOrigin(origin) ?? origin.slice(0, 256)),
    originAllowed: originAllowed(origin, host, settings.allowedOrigins),
    forged: forwarded && !viaProxy,
    scopeCap: scopeCap(headers[SCOPE_HEADER]),
  };
}

/** The nearest address in the chain that is not one of our proxies. */
function forwardedAddress(
  header: string | string[] | undefined,
  trusted: readonly string[],
  peer: string,
): string {
  const chain = (Array.isArray(header) ? header.join(",") : (header ?? ""))
    .split(",")
    .map((part) => part.trim());
  for (const hop of chain.reverse()) {
    const address = canonicalAddress(hostName(hop.includes(".") || hop.startsWith("[") ? hop : `[${hop}]`));
    if (address !== "" && !trusted.includes(address)) return address;
  }
  return peer;
}

function scopeCap(header: string | string[] | undefined): string[] | undefined {
  if (header === undefined) return undefined;
  const text = Array.isArray(header) ? header.join(",") : header;
  return text
    .slice(0, MAX_SCOPE_HEADER_LENGTH)
    .split(",")
    .map((scope) => scope.trim())
    .filter((scope) => scope !== "");
}
