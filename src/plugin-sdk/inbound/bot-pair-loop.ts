import { hostMemory } from "../ambient/memory.ts";
import { pruneMapToMaxSize } from "../values/collections.ts";
import { asOptionalRecord, asRecordOrEmpty, withoutUndefined } from "../values/records.ts";

/** Two bots that answer each other without end (spec 1.18.10). Humans are never affected. */

export const DEFAULT_MAX_EVENTS_PER_WINDOW = 20;
export const DEFAULT_WINDOW_SECONDS = 60;
export const DEFAULT_COOLDOWN_SECONDS = 60;
/** Pairs remembered; the one seen longest ago goes first. */
export const MAX_BOT_PAIRS = 2_048;

export interface PairLoopGuardConfig {
  enabled?: boolean;
  maxEventsPerWindow?: number;
  windowSeconds?: number;
  cooldownSeconds?: number;
}

/** Key by key, later layers win; `undefined` when no layer says anything. */
export function mergePairLoopGuardConfig(
  ...layers: (PairLoopGuardConfig | null | undefined)[]
): PairLoopGuardConfig | undefined {
  const stated = layers.map(asOptionalRecord).filter((layer) => layer !== undefined);
  if (stated.length === 0) return undefined;
  return Object.assign({}, ...stated.map(withoutUndefined)) as PairLoopGuardConfig;
}

interface Pair {
  times: number[];
  eventIds: Set<string>;
  cooldownUntil: number;
}

export interface BotPairLoopParams {
  scopeId: string;
  conversationId: string;
  senderId: string;
  receiverId: string;
  /** A repeated delivery of one event counts once. */
  eventId?: string;
  config?: PairLoopGuardConfig | null;
  defaultsConfig?: PairLoopGuardConfig | null;
  defaultEnabled?: boolean;
  nowMs?: number;
}

/** Counts one message from a bot to a bot; both directions count together. */
export function recordChannelBotPairLoopAndCheckSuppression(params: BotPairLoopParams): {
  suppressed: boolean;
  cooldownUntilMs?: number;
} {
  const config = asRecordOrEmpty(mergePairLoopGuardConfig(params.defaultsConfig, params.config));
  if ((config["enabled"] ?? params.defaultEnabled ?? false) !== true) return { suppressed: false };
  const now = params.nowMs ?? Date.now();
  const pair = pairOf(params);
  if (pair.cooldownUntil > now) return { suppressed: true, cooldownUntilMs: pair.cooldownUntil };
  const isRepeated = params.eventId !== undefined && pair.eventIds.has(params.eventId);
  if (isRepeated) return { suppressed: false };
  const windowMs = secondsOf(config["windowSeconds"], DEFAULT_WINDOW_SECONDS);
  const limit = countOf(config["maxEventsPerWindow"], DEFAULT_MAX_EVENTS_PER_WINDOW);
  pair.times = [...pair.times.filter((time) => time > now - windowMs), now].slice(-(limit + 1));
  if (params.eventId !== undefined) {
    pair.eventIds.add(params.eventId);
    for (const oldest of pair.eventIds) {
      if (pair.eventIds.size <= limit + 1) break;
      pair.eventIds.delete(oldest);
    }
  }
  if (pair.times.length <= limit) return { suppressed: false };
  pair.cooldownUntil = now + secondsOf(config["cooldownSeconds"], DEFAULT_COOLDOWN_SECONDS);
  pair.times = [];
  return { suppressed: true, cooldownUntilMs: pair.cooldownUntil };
}

function pairOf(params: BotPairLoopParams): Pair {
  const pairs = hostMemory("bot-pair-loops", () => new Map<string, Pair>());
  const both = [params.senderId, params.receiverId].sort();
  const key = JSON.stringify([params.scopeId, params.conversationId, ...both]);
  const pair = pairs.get(key) ?? { times: [], eventIds: new Set(), cooldownUntil: 0 };
  pairs.delete(key);
  pairs.set(key, pair);
  pruneMapToMaxSize(pairs, MAX_BOT_PAIRS);
  return pair;
}

function countOf(value: unknown, fallback: number): number {
  return typeof value === "number" && Number.isFinite(value) && value >= 1 ? Math.floor(value) : fallback;
}

function secondsOf(value: unknown, fallback: number): number {
  return (typeof value === "number" && Number.isFinite(value) && value > 0 ? value : fallback) * 1_000;
}
