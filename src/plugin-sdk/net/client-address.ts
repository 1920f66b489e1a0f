import type { IncomingMessage } from "node:http";
import ipaddr from "ipaddr.js";

function parse(address: string | undefined): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  const text = address
    ?.trim()
    .replace(/^\[|\](?::\d+)?$/g, "")
    .replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, "$1");
  return text && ipaddr.isValid(text) ? ipaddr.process(text) : undefined;
}

/** True for an address in one of the given addresses and networks. */
export function isTrustedProxyAddress(
  ip: string | undefined,
  trustedProxies: readonly string[] = [],
): boolean {
  const address = parse(ip);
  if (!address) return false;
  return trustedProxies.some((entry) => {
    try {
      const [network, bits] = entry.includes("/")
        ? ipaddr.parseCIDR(entry.trim())
        : [ipaddr.process(entry.trim()), undefined];
      if (network.kind() !== address.kind()) return false;
      const prefix = bits ?? (network.kind() === "ipv4" ? 32 : 128);
      return (address as ipaddr.IPv4).match(network as ipaddr.IPv4, prefix);
    } catch {
      return false;
    }
  });
}

/** Who sent a request: the peer, or what trusted proxies say before themselves. */
export function resolveClientIp(params: {
  remoteAddr?: string | undefined;
  forwardedFor?: string | undefined;
  realIp?: string | undefined;
  trustedProxies?: readonly string[] | undefined;
  allowRealIpFallback?: boolean | undefined;
}): string | undefined {
  const remote = parse(params.remoteAddr)?.toString();
  if (!remote || !isTrustedProxyAddress(remote, params.trustedProxies)) return remote;
  const hops = (params.forwardedFor ?? "").split(",").map((hop) => parse(hop)?.toString());
  for (const hop of hops.reverse()) {
    if (hop && !isTrustedProxyAddress(hop, params.trustedProxies)) return hop;
  }
  return params.allowRealIpFallback ? (parse(params.realIp)?.toString() ?? undefined) : undefined;
}

export function resolveRequestClientIp(
  request?: IncomingMessage,
  trustedProxies?: readonly string[],
  allowRealIpFallback?: boolean,
): string | undefined {
  const header = (name: string) => {
    const value = request?.headers[name];
    return Array.isArray(value) ? value.join(",") : value;
  };
  return resolveClientIp({
    remoteAddr: request?.socket.remoteAddress,
    forwardedFor: header("x-forwarded-for"),
    realIp: header("x-real-ip"),
    trustedProxies,
    allowRealIpFallback,
  });
}
