import { isIP } from "node:net";

/** The peer's address without zone and without the IPv4-in-IPv6 form. */
export function canonicalAddress(raw: string | undefined): string {
  const address = (raw ?? "").replace(/%.*$/, "").toLowerCase();
  const mapped = /^(?:0{0,4}:){0,5}:?ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(address);
  return mapped?.[1] ?? address;
}

export function isLoopback(address: string): boolean {
  return address === "::1" || /^127\.\d+\.\d+\.\d+$/.test(address);
}

/** What rate limits count by: an IPv4 address, or the /64 network of an IPv6 one. */
export function rateLimitKey(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = "", tail] = address.split("::");
  const left = head === "" ? [] : head.split(":");
  if (tail === undefined) return `${left.slice(0, 4).join(":")}::/64`;
  const right = tail === "" ? [] : tail.split(":");
  const groups = [...left, ...Array<string>(Math.max(0, 8 - left.length - right.length)).fill("0"), ...right];
  return `${groups.slice(0, 4).join(":")}::/64`;
}

/** The host part of a `Host` header or authority, lower-case, without port and brackets. */
export function hostName(authority: string | undefined): string {
  const value = (authority ?? "").trim().toLowerCase();
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(value);
  if (bracketed) return bracketed[1] ?? "";
  return value.replace(/:\d+$/, "").replace(/\.$/, "");
}

/** True for names that can only mean this machine. */
export function isLocalHostName(name: string): boolean {
  return name === "localhost" || name.endsWith(".localhost") || isLoopback(name);
}
