import type { ChannelConfig } from "../../contracts/channel.ts";
import { asBoolean, asRecord, asText, channelAccountConfig } from "../config-values.ts";
import { type GroupPolicy, parseGroupPolicy } from "./policy.ts";

/** What the configuration says about one group of a channel account (spec 1.7). */
export interface GroupRule {
  policy: GroupPolicy;
  /** The group, or `"*"`, has an entry that is not switched off. */
  listed: boolean;
  entry: Record<string, unknown>;
  wildcard: Record<string, unknown>;
}

export function resolveGroupRule(params: {
  cfg: ChannelConfig;
  channel: string;
  groupId?: string | null;
  accountId?: string | null;
  groupIdCaseInsensitive?: boolean;
}): GroupRule {
  const { cfg, channel, groupId, accountId } = params;
  const channels = asRecord(cfg["channels"]);
  const settings = channelAccountConfig(cfg, channel, accountId);
  const groups = asRecord(settings["groups"]);
  const entry = groupId ? findGroup(groups, groupId, params.groupIdCaseInsensitive !== false) : undefined;
  const wildcard = enabledEntry(groups["*"]);
  const stated = settings["groupPolicy"];
  // Without a section of its own a channel never opens its groups, whatever the shared defaults say.
  const policy =
    channels[channel] === undefined
      ? "allowlist"
      : parseGroupPolicy(stated ?? asRecord(channels["defaults"])["groupPolicy"]);
  return {
    policy,
    listed: entry !== undefined || wildcard !== undefined,
    entry: entry ?? {},
    wildcard: wildcard ?? {},
  };
}

/** Order: the group's entry, the `"*"` entry, the override, otherwise true. */
export function resolveRequireMention(params: {
  cfg: ChannelConfig;
  channel: string;
  groupId?: string | null;
  accountId?: string | null;
  groupIdCaseInsensitive?: boolean;
  requireMentionOverride?: boolean;
  configuredGroupDefaultsToNoMention?: boolean;
  overrideOrder?: "before-config" | "after-config";
}): boolean {
  const rule = resolveGroupRule(params);
  const override = params.requireMentionOverride;
  if (params.overrideOrder === "before-config" && override !== undefined) return override;
  const configured = asBoolean(rule.entry["requireMention"]) ?? asBoolean(rule.wildcard["requireMention"]);
  if (configured !== undefined) return configured;
  if (override !== undefined) return override;
  return !(params.configuredGroupDefaultsToNoMention && rule.listed);
}

function findGroup(
  groups: Record<string, unknown>,
  groupId: string,
  ignoreCase: boolean,
): Record<string, unknown> | undefined {
  if (Object.hasOwn(groups, groupId)) return enabledEntry(groups[groupId]);
  if (!ignoreCase) return undefined;
  const wanted = groupId.toLowerCase();
  const key = Object.keys(groups).find((candidate) => candidate.toLowerCase() === wanted);
  return key === undefined ? undefined : enabledEntry(groups[key]);
}

/** An entry with `enabled: false` counts as absent. */
function enabledEntry(value: unknown): Record<string, unknown> | undefined {
  if (value === undefined || value === false) return undefined;
  const entry = asRecord(value);
  return entry["enabled"] === false || asText(entry["enabled"]) === "false" ? undefined : entry;
}
