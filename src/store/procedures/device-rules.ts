import { coversAll } from "../../protocol/scopes.ts";
import type { DeviceAsk, DeviceRecord, DeviceToken, PairingReason } from "./device-rows.ts";

type Fact = string | undefined;

/** A device that nobody approved yet. */
export function emptyRecord(ask: DeviceAsk, now: number): DeviceRecord {
  return {
    deviceId: ask.deviceId,
    publicKey: ask.publicKey,
    roles: [],
    scopes: [],
    tokens: {},
    createdAtMs: now,
  };
}

/** Why this needs an approval; nothing when it does not. */
export function reasonFor(record: DeviceRecord | undefined, ask: DeviceAsk): PairingReason | undefined {
  if (!record || record.approvedAtMs === undefined || record.publicKey !== ask.publicKey) return "not-paired";
  if (!record.roles.includes(ask.role)) return "role-upgrade";
  if (ask.role === "operator" && !coversAll(record.scopes, ask.scopes)) {
    return "scope-upgrade";
  }
  if (!sameFact(record.platform, ask.platform) || !sameFact(record.deviceFamily, ask.deviceFamily)) {
    return "metadata-upgrade";
  }
  return undefined;
}

const ALIASES = new Map([
  ["macos", "darwin"],
  ["mac", "darwin"],
  ["windows", "win32"],
]);

/** Names of one platform are one fact; something not stated before or now is no change (spec 7.2). */
function sameFact(stored: Fact, given: Fact): boolean {
  if (stored === undefined || given === undefined) return true;
  return canonicalFact(stored) === canonicalFact(given);
}

function canonicalFact(value: string): string {
  const lower = value.trim().toLowerCase();
  return ALIASES.get(lower) ?? lower;
}

/** Grants what is asked for; another key begins with nothing. */
export function approve(record: DeviceRecord, ask: DeviceAsk, via: "owner" | "silent", now: number): void {
  const replaced = record.publicKey !== ask.publicKey;
  record.publicKey = ask.publicKey;
  if (replaced) {
    record.tokens = {};
    record.roles = [];
    record.scopes = [];
  }
  record.role = ask.role;
  record.roles = [...new Set([...record.roles, ask.role])];
  if (ask.role === "operator") record.scopes = [...new Set([...record.scopes, ...ask.scopes])];
  for (const key of [
    "displayName",
    "platform",
    "deviceFamily",
    "clientId",
    "clientMode",
    "browserOrigin",
  ] as const) {
    const value = ask[key];
    if (value !== undefined) record[key] = value;
  }
  record.approvedVia = via;
  record.approvedAtMs = now;
  delete record.pending;
}

/** The token of the role: the one there is while it fits, else a new one. */
export function tokenFor(
  record: DeviceRecord,
  ask: DeviceAsk,
  input: { issuerGeneration?: string; keepToken: boolean; newTokenId: string; now: number },
): DeviceToken {
  const existing = record.tokens[ask.role];
  if (existing && input.keepToken) {
    existing.lastUsedAtMs = input.now;
    return existing;
  }
  if (
    existing &&
    existing.revokedAtMs === undefined &&
    (existing.issuerGeneration === undefined || existing.issuerGeneration === input.issuerGeneration) &&
    sameSet(existing.scopes, ask.scopes)
  ) {
    return existing;
  }
  const token: DeviceToken = {
    tokenId: input.newTokenId,
    role: ask.role,
    scopes: [...ask.scopes],
    createdAtMs: input.now,
    ...(input.issuerGeneration === undefined ? {} : { issuerGeneration: input.issuerGeneration }),
  };
  record.tokens[ask.role] = token;
  return token;
}

function sameSet(left: string[], right: string[]): boolean {
  return left.length === right.length && left.every((item) => right.includes(item));
}
