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
  | "route_blocked"
  | "mutable_identifier_disabled"
  | "identifier_authentication_too_weak";

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
  /** A channel's own comparison, in place of `senderIds` and `normalize`. */
  matcher?: SenderMatcher;
}

/** What {@link decideDmAccess} and {@link decideGroupAccess} ask of a channel that compares by itself. */
export interface SenderMatcher {
  isWildcard(entry: string): boolean;
  verdict(entries: readonly string[]): "wildcard" | "match" | "mutable" | "weak" | "none";
  isApproved(approved: readonly string[]): boolean;
}

export function decideDmAccess(input: DmAccessInput): AccessDecision {
  const verdict = verdictOf(input, input.allowFrom);
  const listed = verdict === "match" || verdict === "wildcard";
  switch (input.policy) {
    case "disabled":
      return block("dm_policy_disabled");
    case "open":
      if (verdict === "wildcard") return allow("dm_policy_open");
      return listed ? allow("dm_policy_allowlisted") : block(refusalOf(verdict, "dm_policy_not_allowlisted"));
    case "allowlist":
      return listed ? allow("dm_policy_allowlisted") : block(refusalOf(verdict, "dm_policy_not_allowlisted"));
    case "pairing":
      if (listed || isApproved(input)) return allow("dm_policy_allowlisted");
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
  matcher?: SenderMatcher;
}

export function decideGroupAccess(input: GroupAccessInput): AccessDecision {
  if (input.policy === "disabled") return block("group_policy_disabled");
  if (input.policy === "open") return allow("group_policy_open");
  if (input.groupAllowFrom.length > 0) {
    const verdict = verdictOf(input, input.groupAllowFrom);
    return verdict === "match" || verdict === "wildcard"
      ? allow("group_policy_allowed")
      : block(refusalOf(verdict, "group_policy_not_allowlisted"));
  }
  return input.groupListed ? allow("group_policy_allowed") : block("group_policy_empty_allowlist");
}

type Comparison = Pick<DmAccessInput, "senderIds" | "normalize" | "matcher">;

function verdictOf(input: Comparison, entries: readonly string[]): ReturnType<SenderMatcher["verdict"]> {
  if (input.matcher) return input.matcher.verdict(entries);
  if (entries.some((entry) => entry.trim() === "*")) return "wildcard";
  return matchesAny(entries, input.senderIds, input.normalize) ? "match" : "none";
}

function isApproved(input: DmAccessInput): boolean {
  return (
    input.matcher?.isApproved(input.approved) ?? matchesAny(input.approved, input.senderIds, input.normalize)
  );
}

function refusalOf(verdict: ReturnType<SenderMatcher["verdict"]>, otherwise: AccessReason): AccessReason {
  if (verdict === "mutable") return "mutable_identifier_disabled";
  return verdict === "weak" ? "identifier_authentication_too_weak" : otherwise;
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
