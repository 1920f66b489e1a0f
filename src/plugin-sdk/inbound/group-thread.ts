import { AsyncLocalStorage } from "node:async_hooks";
import { buildMentionRegexes, normalizeMentionText } from "../../channels/access/mentions.ts";
import { buildAgentSessionKey, normalizeId } from "../../channels/routing/session-key.ts";
import type { ChannelConfig } from "../../contracts/channel.ts";
import { hostMemory } from "../ambient/memory.ts";
import { asOptionalRecord, readPath } from "../values/records.ts";

/** Several agents in one conversation: `broadcast["<channel>:<conversation>"]` names who takes part. */

export const MAX_GROUP_THREAD_AGENTS = 16;
export const MAX_GROUP_THREAD_ROUNDS = 4;
export const MAX_GROUP_THREAD_TURNS = 32;

export interface GroupThreadConfig {
  agents: string[];
  /** Configured, but not among the agents. */
  unknownAgentIds: string[];
  /** The entry names its channel. */
  qualified: boolean;
  configuredAgentCount: number;
  /** Only the agents that are addressed answer, when any is. */
  mentionGating: boolean;
  maxRounds: number;
  maxTurns: number;
  strategy: "parallel" | "sequential";
}

interface Conversation {
  cfg: ChannelConfig;
  channel: string;
  peerId: string;
}

export function resolveGroupThreadConfig(params: Conversation): GroupThreadConfig | undefined {
  const broadcast = asOptionalRecord(params.cfg["broadcast"]);
  const own = broadcast?.[`${params.channel}:${params.peerId}`];
  const qualified = own !== undefined;
  // WhatsApp ids are unmistakable, so its older entries may leave the channel out.
  const entry = own ?? (params.channel === "whatsapp" ? broadcast?.[params.peerId] : undefined);
  const settings = asOptionalRecord(entry);
  const listed = Array.isArray(entry) ? entry : settings?.["agents"];
  const configured = (Array.isArray(listed) ? listed : [])
    .filter((id): id is string => typeof id === "string")
    .slice(0, MAX_GROUP_THREAD_AGENTS);
  if (configured.length === 0) return undefined;
  const known = knownAgents(params.cfg);
  const isKnown = (id: string) => known === undefined || known.has(normalizeId(id, ""));
  const agents = [...new Set(configured.filter(isKnown).map((id) => normalizeId(id, id)))];
  return {
    agents,
    unknownAgentIds: configured.filter((id) => !isKnown(id)),
    qualified,
    configuredAgentCount: configured.length,
    mentionGating: qualified && settings?.["mentionGating"] !== false,
    maxRounds: qualified ? bounded(settings?.["maxRounds"], 1, MAX_GROUP_THREAD_ROUNDS) : 1,
    maxTurns: qualified
      ? bounded(settings?.["maxTurns"], configured.length, MAX_GROUP_THREAD_TURNS)
      : agents.length,
    strategy: broadcast?.["strategy"] === "sequential" ? "sequential" : "parallel",
  };
}

/** `undefined`: nobody restricted who the agents are. */
function knownAgents(cfg: ChannelConfig): Set<string> | undefined {
  const list = readPath(cfg, ["agents", "list"]);
  if (!Array.isArray(list) || list.length === 0) return undefined;
  return new Set(list.map((agent) => normalizeId(String(asOptionalRecord(agent)?.["id"] ?? ""), "")));
}

function bounded(value: unknown, fallback: number, most: number): number {
  const count = typeof value === "number" && Number.isFinite(value) ? Math.floor(value) : fallback;
  return Math.max(1, Math.min(most, count));
}

/** A conversation that is bound to one coding session belongs to it alone. */
export function isGroupThreadRouteExclusive(params: { sessionKey?: string; acpBinding?: boolean }): boolean {
  return params.acpBinding === true || /^agent:[^:]+:acp:/.test(params.sessionKey ?? "");
}

export interface GroupThreadMentionFacts {
  channel: string;
  peerId: string;
  group: GroupThreadConfig;
  mentionedAgentIds: string[];
}

/** Who of a conversation's agents is addressed, by `@name`; nothing where one agent answers. */
export function resolveGroupThreadMentionFacts(
  params: Conversation & { text: string; sessionKey?: string; acpBinding?: boolean },
): GroupThreadMentionFacts | undefined {
  if (isGroupThreadRouteExclusive(params)) return undefined;
  const group = resolveGroupThreadConfig(params);
  if (!group?.qualified) return undefined;
  const { channel, peerId, cfg, text } = params;
  return { channel, peerId, group, mentionedAgentIds: addressed(cfg, group.agents, text) };
}

function addressed(cfg: ChannelConfig, agents: readonly string[], text: string): string[] {
  const clean = normalizeMentionText(text);
  if (!clean.includes("@")) return [];
  return agents.filter((agentId) =>
    buildMentionRegexes(cfg, agentId).some((pattern) => {
      const all = new RegExp(pattern.source, `${pattern.flags}g`);
      return [...clean.matchAll(all)].some(
        ({ 0: hit, index }) => hit.startsWith("@") || hit.startsWith("<@") || clean[index - 1] === "@",
      );
    }),
  );
}

export interface GroupThreadTurn {
  agentId: string;
  /** From 1. */
  round: number;
}

interface DeliverySession {
  agentId: string;
  sessionKey: string;
}

const current = () => hostMemory("group-thread", () => new AsyncLocalStorage<DeliverySession>());

/** The agent whose turn of a shared conversation is running here. */
export function getGroupThreadDeliverySession(): DeliverySession | undefined {
  return current().getStore();
}

/**
 * Gives one message to the agents of a conversation, side by side or one after the other; every agent has
 * one turn. A failing turn is reported and leaves the others alone.
 */
export async function runGroupThread<T>(params: {
  cfg: ChannelConfig;
  group: GroupThreadConfig;
  channel: string;
  accountId?: string;
  peerId: string;
  messageId?: string;
  text: string;
  mentionedAgentIds?: readonly string[];
  abortSignal?: AbortSignal;
  runTurn(turn: GroupThreadTurn): Promise<T>;
  onError?(error: unknown, turn: GroupThreadTurn): void;
}): Promise<{ results: T[]; turnsStarted: number; failedTurns: number }> {
  const { group, channel, peerId, abortSignal } = params;
  const mentioned = params.mentionedAgentIds ?? addressed(params.cfg, group.agents, params.text);
  const chosen = group.mentionGating && mentioned.length > 0 ? mentioned : group.agents;
  const results: T[] = [];
  let turnsStarted = 0;
  let failedTurns = 0;
  const run = async (agentId: string) => {
    if (abortSignal?.aborted) return;
    turnsStarted++;
    const turn = { agentId, round: 1 };
    const peer = { kind: "group", id: peerId };
    const account = params.accountId === undefined ? {} : { accountId: params.accountId };
    const sessionKey = buildAgentSessionKey({ agentId, channel, peer, ...account });
    try {
      results.push(await current().run({ agentId, sessionKey }, () => params.runTurn(turn)));
    } catch (error) {
      failedTurns++;
      params.onError?.(error, turn);
    }
  };
  const taking = chosen.slice(0, group.maxTurns);
  if (group.strategy === "parallel") await Promise.all(taking.map(run));
  else for (const agentId of taking) await run(agentId);
  return { results, turnsStarted, failedTurns };
}
