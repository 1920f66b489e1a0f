/** Who may talk to the agent (spec 1.6, 1.7, 1.18.8). An empty list admits nobody. */

export type DmPolicy = "pairing" | "allowlist" | "open" | "disabled";
export type GroupPolicy = "allowlist" | "open" | "disabled";

export type AccessReason =
  | "allowed"
  | "dm_policy_disabled"
  | "dm_policy_open"
  | "dm_policy_allowlisted"
  | "dm_policy_pairing_required"
  | "dm_policy_not_allowlisted"
  | "event_pairing_not_allowed"
  | "group_policy_disabled"
  | "group_policy_open"
  | "group_policy_allowed"
  | "group_policy_empty_allowlist"
  | "group_policy_not_allowlisted"
  | "route_blocked";

export interface AccessDecision {
  decision: "allow" | "block" | "pairing";
  reason: AccessReason;
}

export interface DmAccessInput {
  policy: DmPolicy;
  allowFrom: readonly string[];
  /** Senders approved by pairing; they count under `pairing` only. */
  approved: readonly string[];
  /** Every form by which the sender may be listed, strongest first. */
  senderIds: readonly string[];
  mayPair?: boolean;
  normalize?(entry: string): string;
}

export function decideDmAccess(input: DmAccessInput): AccessDecision {
  const listed = matchesAny(input.allowFrom, input.senderIds, input.normalize);
  switch (input.policy) {
    case "disabled":
      return block("dm_policy_disabled");
    case "open":
      if (input.allowFrom.includes("*")) return allow("dm_policy_open");
      return listed ? allow("dm_policy_allowlisted") : block("dm_policy_not_allowlisted");
    case "allowlist":
      return listed ? allow("dm_policy_allowlisted") : block("dm_policy_not_allowlisted");
    case "pairing":
      if (listed || matchesAny(input.approved, input.senderIds, input.normalize)) {
        return allow("dm_policy_allowlisted");
      }
      return input.mayPair === false
        ? block("event_pairing_not_allowed")
        : { decision: "pairing", reason: "dm_policy_pairing_required" };
  }
}

export interface GroupAccessInput {
  policy: GroupPolicy;
  /** The conversation itself is listed in the channel's `groups`. */
  groupListed: boolean;
  groupAllowFrom: readonly string[];
  senderIds: readonly string[];
  normalize?(entry: string): string;
}

export function decideGroupAccess(input: GroupAccessInput): AccessDecision {
  if (input.policy === "disabled") return block("group_policy_disabled");
  if (input.policy === "open") return allow("group_policy_open");
  if (input.groupAllowFrom.length > 0) {
    return matchesAny(input.groupAllowFrom, input.senderIds, input.normalize)
      ? allow("group_policy_allowed")
      : block("group_policy_not_allowlisted");
  }
  return input.groupListed ? allow("group_policy_allowed") : block("group_policy_empty_allowlist");
}

/** `"*"` matches everybody; other entries match when equal after normalising both sides. */
export function matchesAny(
  entries: readonly string[],
  ids: readonly string[],
  normalize: (entry: string) => string = (entry) => entry.trim().toLowerCase(),
): boolean {
  if (entries.length === 0) return false;
  if (entries.some((entry) => entry.trim() === "*")) return true;
  const known = new Set(ids.map(normalize).filter((id) => id !== ""));
  return entries.some((entry) => known.has(normalize(entry)));
}

export function parseDmPolicy(raw: unknown): DmPolicy {
  return raw === "allowlist" || raw === "open" || raw === "disabled" ? raw : "pairing";
}

/** Anything but a known word is the strict reading. */
export function parseGroupPolicy(raw: unknown): GroupPolicy {
  return raw === "open" || raw === "disabled" ? raw : "allowlist";
}

function allow(reason: AccessReason): AccessDecision {
  return { decision: "allow", reason };
}

function block(reason: AccessReason): AccessDecision {
  return { decision: "block", reason };
}
