import type { ChannelConfig } from "../../contracts/channel.ts";
import { asRecord, asRecordList, asText } from "../config-values.ts";
import {
  buildAgentSessionKey,
  DEFAULT_ACCOUNT_ID,
  DEFAULT_AGENT_ID,
  DEFAULT_MAIN_KEY,
  type DmScope,
  type GroupScope,
  mainSessionKey,
  normalizeAccountId,
  normalizeId,
  normalizePeerKind,
} from "./session-key.ts";

export interface RoutePeer {
  kind: string;
  id: string;
}

export interface AgentRouteInput {
  cfg: ChannelConfig;
  channel: string;
  accountId?: string | null;
  peer?: RoutePeer | null;
  parentPeer?: RoutePeer | null;
  guildId?: string | null;
  teamId?: string | null;
  memberRoleIds?: readonly string[];
  dmScope?: DmScope;
  groupScope?: GroupScope;
  defaultAgentId?: string;
}

export interface AgentRoute {
  agentId: string;
  channel: string;
  accountId: string;
  dmScope: DmScope;
  groupScope: GroupScope;
  sessionKey: string;
  mainSessionKey: string;
  /** Which session remembers where this conversation is answered. */
  lastRoutePolicy: "main" | "session";
  matchedBy: string;
}

/** Tiers of bindings, most telling first; within a tier the order of the configuration decides. */
const TIERS = [
  "binding.peer",
  "binding.peer.parent",
  "binding.peer.wildcard",
  "binding.guild+roles",
  "binding.guild",
  "binding.team",
  "binding.account",
  "binding.channel",
] as const;

/** Chooses the agent and names the session of a conversation (spec 1.18.6). */
export function resolveAgentRoute(input: AgentRouteInput): AgentRoute {
  const { cfg } = input;
  const channel = input.channel.toLowerCase();
  const accountId = normalizeAccountId(input.accountId);
  const agents = agentIds(cfg);
  const fallback = input.defaultAgentId ?? defaultAgentId(cfg);
  const binding = findBinding(input, channel, accountId);
  const wanted = normalizeId(binding?.agentId, fallback);
  const agentId = wanted === fallback || agents.has(wanted) ? wanted : fallback;
  const session = asRecord(cfg["session"]);
  const dmScope =
    input.dmScope ??
    (binding?.session["dmScope"] as DmScope) ??
    (session["dmScope"] as DmScope | undefined) ??
    "main";
  const groupScope =
    input.groupScope ??
    (binding?.session["groupScope"] as GroupScope) ??
    (session["groupScope"] as GroupScope | undefined) ??
    "per-group";
  const mainKey = asText(session["mainKey"]) ?? DEFAULT_MAIN_KEY;
  const main = mainSessionKey(agentId, mainKey);
  const sessionKey = buildAgentSessionKey({
    agentId,
    mainKey,
    channel,
    accountId,
    ...(input.peer ? { peer: input.peer } : {}),
    dmScope,
    groupScope,
    identityLinks: asRecord(session["identityLinks"]) as Record<string, string[]>,
  });
  return {
    agentId,
    channel,
    accountId,
    dmScope,
    groupScope,
    sessionKey,
    mainSessionKey: main,
    lastRoutePolicy: sessionKey === main ? "main" : "session",
    matchedBy: binding?.tier ?? "default",
  };
}

/** The agent marked as default, else the first configured one, else `main`. */
export function defaultAgentId(cfg: ChannelConfig): string {
  const list = asRecordList(asRecord(cfg["agents"])["list"]);
  const chosen = list.find((agent) => agent["default"] === true) ?? list[0];
  return normalizeId(asText(chosen?.["id"]), DEFAULT_AGENT_ID);
}

function agentIds(cfg: ChannelConfig): Set<string> {
  const list = asRecordList(asRecord(cfg["agents"])["list"]);
  return new Set(list.map((agent) => normalizeId(asText(agent["id"]), DEFAULT_AGENT_ID)));
}

interface MatchedBinding {
  agentId: string | undefined;
  session: Record<string, unknown>;
  tier: (typeof TIERS)[number];
}

function findBinding(input: AgentRouteInput, channel: string, accountId: string): MatchedBinding | undefined {
  let best: MatchedBinding | undefined;
  for (const binding of asRecordList(input.cfg["bindings"])) {
    const type = asText(binding["type"]);
    if (type !== undefined && type !== "route") continue;
    const tier = tierOf(asRecord(binding["match"]), input, channel, accountId);
    if (!tier || (best && TIERS.indexOf(tier) >= TIERS.indexOf(best.tier))) continue;
    best = { agentId: asText(binding["agentId"]), session: asRecord(binding["session"]), tier };
  }
  return best;
}

/** The tier of a binding that holds in every field it states; `undefined` when one does not. */
function tierOf(
  match: Record<string, unknown>,
  input: AgentRouteInput,
  channel: string,
  accountId: string,
): (typeof TIERS)[number] | undefined {
  if (asText(match["channel"])?.toLowerCase() !== channel) return undefined;
  const boundAccount = asText(match["accountId"])?.trim() || DEFAULT_ACCOUNT_ID;
  if (boundAccount !== "*" && normalizeAccountId(boundAccount) !== accountId) return undefined;
  const guild = asText(match["guildId"]);
  if (guild !== undefined && guild !== input.guildId) return undefined;
  const team = asText(match["teamId"]);
  if (team !== undefined && team !== input.teamId) return undefined;
  const roles = Array.isArray(match["roles"]) ? match["roles"].map(String) : [];
  if (roles.length > 0 && !roles.some((role) => input.memberRoleIds?.includes(role))) return undefined;

  const peer = asRecord(match["peer"]);
  const peerId = asText(peer["id"]);
  if (peerId !== undefined) {
    const kind = asText(peer["kind"]) ?? "direct";
    if (samePeer({ kind, id: peerId }, input.peer)) return "binding.peer";
    if (samePeer({ kind, id: peerId }, input.parentPeer)) return "binding.peer.parent";
    const wildcard = peerId === "*" && input.peer && sameKind(kind, input.peer.kind);
    return wildcard ? "binding.peer.wildcard" : undefined;
  }
  if (guild !== undefined) return roles.length > 0 ? "binding.guild+roles" : "binding.guild";
  if (team !== undefined) return "binding.team";
  return boundAccount === "*" ? "binding.channel" : "binding.account";
}

function samePeer(bound: RoutePeer, actual: RoutePeer | null | undefined): boolean {
  return !!actual && sameKind(bound.kind, actual.kind) && bound.id.toLowerCase() === actual.id.toLowerCase();
}

/** `group` and `channel` are interchangeable: platforms disagree on which is which. */
function sameKind(a: string, b: string): boolean {
  return (normalizePeerKind(a) === "direct") === (normalizePeerKind(b) === "direct");
}
