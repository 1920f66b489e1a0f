import { createHash } from "node:crypto";
import type { GatewayDiscoveryContext } from "sluice/plugin-sdk";

/** What the worker announces; plain data, it crosses a thread. */
export interface Announcement {
  /** Instance names in order of preference are `name`, `name (2)`, `name (3)`… */
  name: string;
  /** `<label>.local` */
  host: string;
  port: number;
  txt: Record<string, string>;
  /** Address of one network interface; all of them when absent. */
  interface?: string;
}

const FALLBACK_LABEL = "sluice";
const MAX_LABEL_LENGTH = 63;
/** Of 63 bytes, room is left for ` (10)`. */
const MAX_NAME_BYTES = 57;
const ID_LENGTH = 4;

/** A DNS label made of a host name; the part before the first dot when it is a usable one. */
export function hostLabel(hostname: string): string {
  const label = (hostname.split(".")[0] ?? "").toLowerCase();
  const usable = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/.test(label) && label.length <= MAX_LABEL_LENGTH;
  return usable ? label : FALLBACK_LABEL;
}

/**
 * Turns the gateway's facts into an announcement (spec 9.1). The instance name carries a short id of host
 * and port, so that two gateways on one network or one machine start with different names.
 */
export function announcementOf(context: GatewayDiscoveryContext, hostname: string): Announcement {
  const host = `${hostLabel(hostname)}.local`;
  const id = createHash("sha256").update(`${hostname}:${context.gatewayPort}`).digest("hex");
  const txt: Record<string, string> = {
    role: "gateway",
    transport: "gateway",
    displayName: context.machineDisplayName,
    lanHost: host,
    gatewayPort: String(context.gatewayPort),
  };
  if (context.gatewayTlsEnabled) {
    txt["gatewayTls"] = "1";
    if (context.gatewayTlsFingerprintSha256) txt["gatewayTlsSha256"] = context.gatewayTlsFingerprintSha256;
  }
  if (context.gatewayDirectReachable) txt["gatewayDirectReachable"] = "1";
  if (!context.minimal) {
    if (context.tailnetDns) txt["tailnetDns"] = context.tailnetDns;
    if (context.sshPort) txt["sshPort"] = String(context.sshPort);
    if (context.cliPath) txt["cliPath"] = context.cliPath;
  }
  return {
    name: `${cut(context.machineDisplayName.trim() || FALLBACK_LABEL)} ${id.slice(0, ID_LENGTH)}`,
    host,
    port: context.gatewayPort,
    txt,
  };
}

function cut(name: string): string {
  let kept = "";
  for (const character of name) {
    if (Buffer.byteLength(kept + character) > MAX_NAME_BYTES - ID_LENGTH - 1) break;
    kept += character;
  }
  return kept;
}

/** The first of `name`, `name (2)`, … that nobody uses; compared as DNS compares, without case. */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name.toLowerCase())) return name;
  for (let number = 2; ; number++) {
    const candidate = `${name} (${number})`;
    if (!taken.has(candidate.toLowerCase())) return candidate;
  }
}

/**
 * Of two gateways that took the same name at the same moment, tells whether this one gives way. Both sides
 * compute the same answer.
 */
export function givesWay(
  own: { host: string; port: number },
  other: { host: string; port: number },
): boolean {
  return `${own.host}:${own.port}` > `${other.host}:${other.port}`;
}
