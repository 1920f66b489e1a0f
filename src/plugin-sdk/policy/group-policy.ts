import type { GroupPolicy } from "../../channels/access/policy.ts";
import type { ChannelConfig } from "../../contracts/channel.ts";
import { readPath } from "../values/records.ts";

export const GROUP_POLICY_BLOCKED_LABEL = {
  group: "group messages",
  guild: "guild messages",
  room: "room messages",
  channel: "channel messages",
  space: "space messages",
} as const;

export interface RuntimeGroupPolicy {
  groupPolicy: GroupPolicy;
  /** The channel has no section, so its groups stay closed whatever the shared defaults say. */
  providerMissingFallbackApplied: boolean;
}

interface GroupPolicyInput {
  providerConfigPresent: boolean;
  groupPolicy?: GroupPolicy | undefined;
  defaultGroupPolicy?: GroupPolicy | undefined;
}

export function resolveDefaultGroupPolicy(cfg: ChannelConfig): GroupPolicy | undefined {
  return asGroupPolicy(readPath(cfg, ["channels", "defaults", "groupPolicy"]));
}

export function asGroupPolicy(value: unknown): GroupPolicy | undefined {
  return value === "open" || value === "allowlist" || value === "disabled" ? value : undefined;
}

/** Account, shared default, `allowlist`; without a section of the channel always `allowlist` (spec 1.7). */
export function resolveAllowlistProviderRuntimeGroupPolicy(input: GroupPolicyInput): RuntimeGroupPolicy {
  return resolve(input, "allowlist");
}

/** As above for a channel whose own default is `open`. */
export function resolveOpenProviderRuntimeGroupPolicy(input: GroupPolicyInput): RuntimeGroupPolicy {
  return resolve(input, "open");
}

function resolve(input: GroupPolicyInput, fallback: GroupPolicy): RuntimeGroupPolicy {
  if (!input.providerConfigPresent) {
    return {
      groupPolicy: input.groupPolicy ?? "allowlist",
      providerMissingFallbackApplied: input.groupPolicy === undefined,
    };
  }
  return {
    groupPolicy: input.groupPolicy ?? input.defaultGroupPolicy ?? fallback,
    providerMissingFallbackApplied: false,
  };
}

/** At most one line per channel account and process; past the limit every further account stays silent. */
const MAX_WARNED = 1_000;
const warned = new Set<string>();

export function warnMissingProviderGroupPolicyFallbackOnce(params: {
  providerMissingFallbackApplied: boolean;
  providerKey: string;
  accountId?: string;
  blockedLabel?: string;
  log(message: string): void;
}): boolean {
  const key = `${params.providerKey}:${params.accountId ?? "*"}`;
  if (!params.providerMissingFallbackApplied || warned.has(key) || warned.size >= MAX_WARNED) return false;
  warned.add(key);
  const blocked = params.blockedLabel ?? GROUP_POLICY_BLOCKED_LABEL.group;
  params.log(
    `${params.providerKey}: channels.${params.providerKey} is missing, so groupPolicy is "allowlist" and ${blocked} are blocked until it is configured`,
  );
  return true;
}
