import ipaddr from "ipaddr.js";
import type { EgressPolicy } from "../../contracts/egress.ts";

/** Which hosts are not on the public network. */

const LOCAL_NAMES = ["localhost", "localhost.localdomain"];
const LOCAL_SUFFIXES = [".localhost", ".local", ".internal", ".home.arpa"];
const METADATA_NAMES = ["metadata.google.internal", "metadata.goog", "instance-data"];
/** Where clouds tell a machine its credentials; nothing that somebody else asks for goes there. */
const METADATA_ADDRESSES = ["169.254.169.254", "169.254.170.2", "100.100.100.200", "fd00:ec2::254"].map(
  (address) => ipaddr.parse(address).toNormalizedString(),
);
/** Everything else of IPv6 is local, reserved, or a way to an IPv4 address. */
const PUBLIC_IPV6 = ipaddr.parseCIDR("2000::/3") as [ipaddr.IPv6, number];

/** A host as URLs write it: without brackets, trailing dots and zone, in plain lower case. */
export function normalizeHost(host: string): string {
  return host
    .trim()
    .normalize("NFKC")
    .replaceAll("\u3002", ".")
    .toLowerCase()
    .replace(/^\[|\]$/g, "")
    .replace(/%.*$/, "")
    .replace(/\.+$/, "");
}

function parse(host: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  const text = normalizeHost(host);
  if (!ipaddr.isValid(text)) return undefined;
  const address = ipaddr.process(text);
  if (address.kind() !== "ipv6") return address;
  return embeddedIPv4(address as ipaddr.IPv6) ?? address;
}

/**
 * NAT64 and 6to4 carry an IPv4 address that is reached in the end. A network's own NAT64 prefix (64:ff9b:1::/48)
 * keeps it in other places, so it is not read there and stays private.
 */
function embeddedIPv4(address: ipaddr.IPv6): ipaddr.IPv4 | undefined {
  const bytes = address.toByteArray();
  const at = (start: number) => new ipaddr.IPv4(bytes.slice(start, start + 4));
  switch (address.range()) {
    case "rfc6052":
      return bytes.slice(4, 12).every((byte) => byte === 0) ? at(12) : undefined;
    case "6to4":
      return at(2);
    default:
      return undefined;
  }
}

export function isLoopbackHost(host: string): boolean {
  const name = normalizeHost(host);
  return LOCAL_NAMES.includes(name) || name.endsWith(".localhost") || parse(name)?.range() === "loopback";
}

/** Everything but a unicast address of the public network. */
export function isPrivateIpAddress(address: string): boolean {
  const parsed = parse(address);
  if (parsed === undefined) return false;
  if (parsed.range() !== "unicast") return true;
  return parsed.kind() === "ipv6" && !(parsed as ipaddr.IPv6).match(PUBLIC_IPV6);
}

function isMetadataHost(name: string): boolean {
  const address = parse(name)?.toNormalizedString();
  return METADATA_NAMES.includes(name) || (address !== undefined && METADATA_ADDRESSES.includes(address));
}

export function isPrivateOrLoopbackHost(host: string): boolean {
  return isLoopbackHost(host) || isPrivateIpAddress(host);
}

export function isBlockedHostname(host: string): boolean {
  const name = normalizeHost(host);
  return (
    name === "" ||
    LOCAL_NAMES.includes(name) ||
    METADATA_NAMES.includes(name) ||
    LOCAL_SUFFIXES.some((suffix) => name.endsWith(suffix))
  );
}

/** Numbers that resolvers read as addresses though they do not look like one: `0x7f.1`, `2130706433`. */
function isLegacyIpLiteral(host: string): boolean {
  return (
    /^(?:0x[0-9a-f]+|\d+)(?:\.(?:0x[0-9a-f]+|\d+)){0,3}$/i.test(host) && parse(host)?.toString() !== host
  );
}

export function isBlockedHostnameOrIp(host: string, policy?: EgressPolicy): boolean {
  const name = normalizeHost(host);
  if (policy?.allowPrivateNetwork || policy?.dangerouslyAllowPrivateNetwork || isAllowedHost(name, policy)) {
    return isMetadataHost(name);
  }
  return isBlockedHostname(name) || isPrivateIpAddress(name) || isLegacyIpLiteral(name);
}

export function isAllowedHost(host: string, policy: EgressPolicy | undefined): boolean {
  const name = normalizeHost(host);
  return (policy?.allowedHostnames ?? []).some((allowed) => normalizeHost(allowed) === name);
}

export function isListedHost(host: string, allowlist: readonly string[] | undefined): boolean {
  if (!allowlist || allowlist.length === 0) return true;
  const name = normalizeHost(host);
  return allowlist.some((pattern) => {
    const wanted = normalizeHost(pattern);
    return wanted === "*" || (wanted.startsWith("*.") ? name.endsWith(wanted.slice(1)) : name === wanted);
  });
}
