import { resolveRequireMention } from "../../channels/access/groups.ts";
import type { ChannelConfig } from "../../contracts/channel.ts";
import { mergeAccountConfig } from "../accounts/account-config.ts";
import { resolveNormalizedAccountEntry } from "../accounts/account-ids.ts";
import { channelSection } from "../setup/config-edits.ts";
import { asRecordOrEmpty, isRecord, type UnknownRecord } from "../values/records.ts";

/** Rules of conversations inside one another (server, room, thread): the innermost that says something wins. */

export interface GroupToolPolicy {
  allow?: string[];
  alsoAllow?: string[];
  deny?: string[];
}

export interface ScopeNode {
  requireMention?: boolean | undefined;
  tools?: GroupToolPolicy | undefined;
  toolsBySender?: Record<string, GroupToolPolicy | undefined> | undefined;
  introHint?: string | undefined;
}

export interface ScopeTree {
  defaults?: ScopeNode | undefined;
  scopes: Record<string, ScopeNode>;
}

/** Keys of `scopes` from the outermost to the innermost. */
export type ScopePath = readonly string[];

export function encodeScopeSegment(value: string): string {
  return encodeURIComponent(value);
}

/** A key that can not be confused with another one: `guild:1/channel:2`. */
export function scopeKey(...segments: ReadonlyArray<readonly [prefix: string, value: string]>): string {
  return segments.map(([prefix, value]) => `${prefix}:${encodeScopeSegment(value)}`).join("/");
}

export function resolveScopeKeyCaseInsensitive(
  tree: ScopeTree,
  key: string | null | undefined,
): string | undefined {
  if (!key) return undefined;
  if (Object.hasOwn(tree.scopes, key)) return key;
  const wanted = key.toLowerCase();
  return Object.keys(tree.scopes).find((candidate) => candidate.toLowerCase() === wanted);
}

/** The nodes of a path, innermost first, then the defaults. */
function nodesOf(tree: ScopeTree, path: ScopePath): ScopeNode[] {
  const nodes = [...path]
    .reverse()
    .map((key) => (Object.hasOwn(tree.scopes, key) ? tree.scopes[key] : undefined));
  return [...nodes, tree.defaults].filter((node): node is ScopeNode => node !== undefined);
}

export function resolveScopeRequireMention(params: {
  tree: ScopeTree;
  path: ScopePath;
  requireMentionOverride?: boolean | undefined;
  overrideOrder?: "before-config" | "after-config";
  configuredScopeDefaultsToNoMention?: boolean;
}): boolean {
  const { tree, path, requireMentionOverride: override } = params;
  if (params.overrideOrder === "before-config" && override !== undefined) return override;
  const stated = nodesOf(tree, path).find(({ requireMention }) => typeof requireMention === "boolean");
  if (stated) return stated.requireMention as boolean;
  if (override !== undefined) return override;
  const configured = path.some((key) => Object.hasOwn(tree.scopes, key));
  return !(params.configuredScopeDefaultsToNoMention && configured);
}

export interface ScopeSender {
  senderPolicyMode?: "always" | "never";
  messageProvider?: string | null | undefined;
  senderId?: string | null | undefined;
  senderName?: string | null | undefined;
  senderUsername?: string | null | undefined;
  senderE164?: string | null | undefined;
}

export function resolveScopeToolsPolicy(
  params: { tree: ScopeTree; path: ScopePath } & ScopeSender,
): GroupToolPolicy | undefined {
  for (const node of nodesOf(params.tree, params.path)) {
    const bySender =
      params.senderPolicyMode === "never"
        ? undefined
        : resolveToolsBySender({ ...params, toolsBySender: node.toolsBySender });
    const tools = bySender ?? node.tools;
    if (tools) return tools;
  }
  return undefined;
}

export function resolveScopeIntroHint(params: { tree: ScopeTree; path: ScopePath }): string | undefined {
  return nodesOf(params.tree, params.path).find(({ introHint }) => introHint)?.introHint;
}

/** Keys are `channel:`, `id:`, `e164:`, `username:`, `name:`; without a prefix an id; `"*"` comes last (spec 1.7). */
export function resolveToolsBySender(
  params: { toolsBySender?: Record<string, GroupToolPolicy | undefined> | undefined } & ScopeSender,
): GroupToolPolicy | undefined {
  const { toolsBySender } = params;
  if (!toolsBySender) return undefined;
  const facts: readonly (readonly [string, string | null | undefined])[] = [
    ["channel", params.messageProvider],
    ["id", params.senderId],
    ["e164", params.senderE164],
    ["username", params.senderUsername],
    ["name", params.senderName],
  ];
  const fold = (text: string) => text.trim().replace(/^@/, "").toLowerCase();
  for (const [kind, fact] of facts) {
    if (!fact?.trim()) continue;
    for (const [key, policy] of Object.entries(toolsBySender)) {
      const match = /^(channel|id|e164|username|name):(.*)$/i.exec(key);
      const entryKind = match?.[1]?.toLowerCase() ?? "id";
      if (entryKind === kind && fold(match?.[2] ?? key) === fold(fact) && policy) return policy;
    }
  }
  return toolsBySender["*"];
}

/** The settings of an account with its `groups`. */
function accountSettings(cfg: ChannelConfig, channel: string, accountId?: string | null): UnknownRecord {
  const section = channelSection(cfg, channel);
  const accounts = asRecordOrEmpty(section["accounts"]) as Record<string, UnknownRecord>;
  const own = accountId ? resolveNormalizedAccountEntry(accounts, accountId) : undefined;
  return mergeAccountConfig<UnknownRecord>({ channelConfig: section, accountConfig: own });
}

export function resolveChannelGroups(
  cfg: ChannelConfig,
  channel: string,
  accountId?: string | null,
): Record<string, UnknownRecord> | undefined {
  const groups = accountSettings(cfg, channel, accountId)["groups"];
  return isRecord(groups) ? (groups as Record<string, UnknownRecord>) : undefined;
}

/** Where the groups of an account are written, for messages. */
export function resolveChannelGroupsConfigPath(params: {
  cfg: ChannelConfig;
  channel: string;
  accountId?: string | null;
  groups?: Readonly<Record<string, unknown>> | undefined;
}): string {
  const { cfg, channel, accountId } = params;
  const accounts = asRecordOrEmpty(channelSection(cfg, channel)["accounts"]) as Record<string, UnknownRecord>;
  const own = accountId ? resolveNormalizedAccountEntry(accounts, accountId) : undefined;
  return isRecord(own?.["groups"])
    ? `channels.${channel}.accounts.${accountId}.groups`
    : `channels.${channel}.groups`;
}

export function buildChannelGroupsScopeTree(
  cfg: ChannelConfig,
  channel: string,
  accountId?: string | null,
): ScopeTree {
  const { "*": wildcard, ...groups } = resolveChannelGroups(cfg, channel, accountId) ?? {};
  return {
    ...(wildcard ? { defaults: wildcard as ScopeNode } : {}),
    scopes: groups as Record<string, ScopeNode>,
  };
}

export function resolveChannelGroupRequireMention(
  params: Parameters<typeof resolveRequireMention>[0],
): boolean {
  return resolveRequireMention(params);
}

export function resolveChannelGroupPolicy(params: {
  cfg: ChannelConfig;
  channel: string;
  groupId?: string | null;
  accountId?: string | null;
  groupIdCaseInsensitive?: boolean;
  hasGroupAllowFrom?: boolean;
}) {
  const groups = resolveChannelGroups(params.cfg, params.channel, params.accountId) ?? {};
  const groupPolicy = accountSettings(params.cfg, params.channel, params.accountId)["groupPolicy"];
  const { "*": wildcard, ...scopes } = groups;
  const key =
    params.groupIdCaseInsensitive === false
      ? params.groupId && Object.hasOwn(scopes, params.groupId)
        ? params.groupId
        : undefined
      : resolveScopeKeyCaseInsensitive({ scopes: scopes as Record<string, ScopeNode> }, params.groupId);
  const groupConfig = key === undefined ? undefined : scopes[key];
  const allowlistEnabled = groupPolicy === "allowlist" || Object.keys(groups).length > 0;
  const listed = (groupConfig ?? wildcard) !== undefined;
  const allowed =
    groupPolicy !== "disabled" &&
    (groupPolicy === "open" ||
      !allowlistEnabled ||
      listed ||
      (params.hasGroupAllowFrom === true && Object.keys(groups).length === 0));
  return {
    allowlistEnabled,
    allowed,
    ...(groupConfig ? { groupConfig } : {}),
    ...(wildcard ? { defaultConfig: wildcard } : {}),
  };
}

export function resolveChannelGroupToolsPolicy(
  params: {
    cfg: ChannelConfig;
    channel: string;
    groupId?: string | null;
    accountId?: string | null;
  } & ScopeSender,
): GroupToolPolicy | undefined {
  const tree = buildChannelGroupsScopeTree(params.cfg, params.channel, params.accountId);
  const key = resolveScopeKeyCaseInsensitive(tree, params.groupId);
  return resolveScopeToolsPolicy({ ...params, tree, path: key ? [key] : [] });
}
