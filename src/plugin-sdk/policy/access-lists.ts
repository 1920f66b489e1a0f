import type { GroupPolicy } from "../../channels/access/policy.ts";
import { normalizeStringEntries, uniqueStrings } from "../values/strings.ts";

/**
 * Who may speak, decided from lists that a channel read itself: the way of channels that were written before
 * the ingress runtime (subpath `channel-ingress-runtime`), which is the one to use.
 */
export const DM_GROUP_ACCESS_REASON = {
  GROUP_POLICY_ALLOWED: "group_policy_allowed",
  GROUP_POLICY_DISABLED: "group_policy_disabled",
  GROUP_POLICY_EMPTY_ALLOWLIST: "group_policy_empty_allowlist",
  GROUP_POLICY_NOT_ALLOWLISTED: "group_policy_not_allowlisted",
  DM_POLICY_OPEN: "dm_policy_open",
  DM_POLICY_DISABLED: "dm_policy_disabled",
  DM_POLICY_ALLOWLISTED: "dm_policy_allowlisted",
  DM_POLICY_PAIRING_REQUIRED: "dm_policy_pairing_required",
  DM_POLICY_NOT_ALLOWLISTED: "dm_policy_not_allowlisted",
} as const;

export type DmGroupAccessReason = (typeof DM_GROUP_ACCESS_REASON)[keyof typeof DM_GROUP_ACCESS_REASON];

type Entries = ReadonlyArray<string | number> | null | undefined;

export interface DmGroupAccessParams {
  isGroup: boolean;
  /** Default `pairing`. */
  dmPolicy?: string | null;
  /** Default `allowlist`. */
  groupPolicy?: GroupPolicy | null;
  allowFrom?: Entries;
  groupAllowFrom?: Entries;
  /** Senders that were paired; they may write directly, not speak in groups. */
  storeAllowFrom?: Entries;
  /** Without senders of its own, a group takes `allowFrom`. Default true. */
  groupAllowFromFallbackToAllowFrom?: boolean | null;
  /** Whether the sender is one of these; an empty list is not asked about. */
  isSenderAllowed(allowFrom: string[]): boolean;
}

export interface DmGroupAccess {
  decision: "allow" | "block" | "pairing";
  reasonCode: DmGroupAccessReason;
  reason: string;
  effectiveAllowFrom: string[];
  effectiveGroupAllowFrom: string[];
}

export function resolveDmGroupAccessWithLists(params: DmGroupAccessParams): DmGroupAccess {
  const configured = entriesOf(params.allowFrom);
  const ofGroups = entriesOf(params.groupAllowFrom);
  const fallsBack = ofGroups.length === 0 && params.groupAllowFromFallbackToAllowFrom !== false;
  const lists = {
    effectiveAllowFrom: uniqueStrings([...configured, ...entriesOf(params.storeAllowFrom)]),
    effectiveGroupAllowFrom: fallsBack ? configured : ofGroups,
  };
  const [decision, code, reason] = params.isGroup
    ? groupAccess(params, lists.effectiveGroupAllowFrom)
    : directAccess(params, lists.effectiveAllowFrom);
  return { decision, reasonCode: DM_GROUP_ACCESS_REASON[code], reason, ...lists };
}

type Verdict = readonly [DmGroupAccess["decision"], keyof typeof DM_GROUP_ACCESS_REASON, string];

function groupAccess({ groupPolicy, isSenderAllowed }: DmGroupAccessParams, allowFrom: string[]): Verdict {
  const policy = groupPolicy ?? "allowlist";
  if (policy === "disabled") return ["block", "GROUP_POLICY_DISABLED", "groupPolicy=disabled"];
  if (policy === "open") return ["allow", "GROUP_POLICY_ALLOWED", "groupPolicy=open"];
  if (allowFrom.length === 0) {
    return ["block", "GROUP_POLICY_EMPTY_ALLOWLIST", `groupPolicy=${policy} (empty allowlist)`];
  }
  return isSenderAllowed(allowFrom)
    ? ["allow", "GROUP_POLICY_ALLOWED", `groupPolicy=${policy}`]
    : ["block", "GROUP_POLICY_NOT_ALLOWLISTED", `groupPolicy=${policy} (not allowlisted)`];
}

function directAccess({ dmPolicy, isSenderAllowed }: DmGroupAccessParams, allowFrom: string[]): Verdict {
  const policy = dmPolicy ?? "pairing";
  if (policy === "disabled") return ["block", "DM_POLICY_DISABLED", "dmPolicy=disabled"];
  if (policy === "open") return ["allow", "DM_POLICY_OPEN", "dmPolicy=open"];
  if (allowFrom.length > 0 && isSenderAllowed(allowFrom)) {
    return ["allow", "DM_POLICY_ALLOWLISTED", `dmPolicy=${policy} (allowlisted)`];
  }
  return policy === "pairing"
    ? ["pairing", "DM_POLICY_PAIRING_REQUIRED", "dmPolicy=pairing (not allowlisted)"]
    : ["block", "DM_POLICY_NOT_ALLOWLISTED", `dmPolicy=${policy} (not allowlisted)`];
}

/** The paired senders, where the policy knows pairing; nobody when they cannot be read. */
export async function readStoreAllowFromForDmPolicy(params: {
  provider: string;
  accountId: string;
  dmPolicy?: string | null;
  shouldRead?: boolean | null;
  readStore(provider: string, accountId: string): Promise<readonly string[]>;
}): Promise<string[]> {
  const { dmPolicy = "pairing" } = params;
  if (params.shouldRead === false || dmPolicy !== "pairing") return [];
  try {
    return [...(await params.readStore(params.provider, params.accountId))];
  } catch {
    return [];
  }
}

function entriesOf(entries: Entries): string[] {
  return normalizeStringEntries([...(entries ?? [])]);
}
