export { normalizeScpRemoteHost } from "./net/scp-host.ts";

/** A host name as it is compared: lower case, without brackets of an IPv6 literal and without the root's dot. */
export function normalizeHostname(hostname: string): string {
  const plain = hostname.trim().toLowerCase().replace(/\.+$/, "");
  return plain.startsWith("[") && plain.endsWith("]") ? plain.slice(1, -1) : plain;
}
