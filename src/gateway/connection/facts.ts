import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { canonicalAddress, hostName, isLocalHostName, isLoopback, rateLimitKey } from "./address.ts";
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
  /**
   * The request may come from a page of somebody else: browsers send no `Origin` with every request, but tell
   * where the page comes from, or name a host that its owner has pointed here.
   */
  readonly foreignPage: boolean;
  /** From `x-openclaw-scopes`: granted scopes are cut down to these. */
  readonly scopeCap: readonly string[] | undefined;
}

/** What proxies add in the name of their client; believed of listed ones, refused from others. */
const FORWARDING_HEADERS = /^(?:x-forwarded(?:-.*)?|forwarded|x-real-ip)$/;
/** What proxies and tunnels add besides: whoever sends it does not come straight from this machine. */
const RELAY_HEADERS =
  /^(?:via|true-client-ip|(?:x|cf|fly|fastly)-.*client-ip|cf-connecting-ip(?:v6)?|x-original-.*|x-envoy-external-address|tailscale-user-.*)$/;
const SCOPE_HEADER = "x-openclaw-scopes";
const MAX_SCOPE_HEADER_LENGTH = 1_024;

/** Reads the facts of a request. `trustedProxies` are exact addresses. */
export function requestFacts(
  request: IncomingMessage,
  settings: { allowedOrigins: readonly string[]; trustedProxies: readonly string[] },
): RequestFacts {
  const { headers } = request;
  const peer = canonicalAddress(request.socket.remoteAddress);
  const names = Object.keys(headers);
  const forwarded = names.some((name) => FORWARDING_HEADERS.test(name));
  const relayed = forwarded || names.some((name) => RELAY_HEADERS.test(name));
  const viaProxy = forwarded && settings.trustedProxies.includes(peer);
  const loopback = isLoopback(peer);
  const { origin, host } = headers;
  return {
    address: viaProxy ? forwardedAddress(headers["x-forwarded-for"], settings.trustedProxies, peer) : peer,
    directLocal: loopback && !relayed && isLocalHostName(hostName(host)),
    loopback: loopback && !relayed,
    origin: origin === undefined ? undefined : (normaliseOrigin(origin) ?? origin.slice(0, 256)),
    originAllowed: originAllowed(origin, host, settings.allowedOrigins),
    forged: forwarded && !viaProxy,
    foreignPage: isForeign(headers["sec-fetch-site"]) || !(viaProxy || isOwnName(hostName(host))),
    scopeCap: scopeCap(headers[SCOPE_HEADER]),
  };
}

/**
 * Who shares the seats of those that have not authenticated. Pages that will be refused anyway take none from
 * others of their address: any page of a browser here could hold them all.
 */
export function seatsOf({ address, originAllowed }: RequestFacts): string {
  const key = rateLimitKey(address);
  return originAllowed ? key : `${key} foreign pages`;
}

function isForeign(site: string | string[] | undefined): boolean {
  return site !== undefined && site !== "same-origin" && site !== "none";
}

/** A literal address or a local name: nobody can point it here. */
function isOwnName(name: string): boolean {
  return name === "" || isLocalHostName(name) || isIP(name) !== 0;
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
