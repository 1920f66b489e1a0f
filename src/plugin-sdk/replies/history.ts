import { pruneMapToMaxSize } from "../values/collections.ts";

/** Messages of a group that did not start a turn, kept for the next one (spec 1.18.5). */

export const DEFAULT_GROUP_HISTORY_LIMIT = 50;
export const HISTORY_CONTEXT_MARKER = "[Chat messages since your last reply - for context]";
/** Stands over messages that the platform was asked for, answered or not. */
export const RECENT_HISTORY_MARKER = "[Recent chat messages - for context]";
export const CURRENT_MESSAGE_MARKER = "[Current message - respond to this]";
/** How many conversations are remembered. */
export const MAX_HISTORY_KEYS = 1_000;

export interface HistoryEntry {
  sender: string;
  body: string;
  timestamp?: number;
  messageId?: string;
  media?: readonly object[];
  [extra: string]: unknown;
}

type HistoryMap<T extends HistoryEntry> = Map<string, T[]>;

export function recordPendingHistoryEntry<T extends HistoryEntry>(params: {
  historyMap: HistoryMap<T>;
  historyKey: string;
  entry: T;
  limit: number;
}): T[] {
  const { historyMap, historyKey, entry, limit } = params;
  if (limit <= 0) return [];
  const list = [...(historyMap.get(historyKey) ?? []), entry].slice(-limit);
  historyMap.delete(historyKey);
  historyMap.set(historyKey, list);
  pruneMapToMaxSize(historyMap, MAX_HISTORY_KEYS);
  return list;
}

/** Forgets the conversations that were heard of longest ago, beyond `maxKeys`. */
export function evictOldHistoryKeys<T>(historyMap: Map<string, T[]>, maxKeys = MAX_HISTORY_KEYS): void {
  pruneMapToMaxSize(historyMap, maxKeys);
}

export function recordPendingHistoryEntryIfEnabled<T extends HistoryEntry>(params: {
  historyMap: HistoryMap<T>;
  historyKey: string;
  entry?: T | null;
  limit: number;
}): T[] {
  return params.entry ? recordPendingHistoryEntry({ ...params, entry: params.entry }) : [];
}

export function buildHistoryContext(params: {
  historyText: string;
  currentMessage: string;
  lineBreak?: string;
  historyKind?: "pending" | "recent";
}): string {
  const newline = params.lineBreak ?? "\n";
  if (params.historyText.trim() === "") return params.currentMessage;
  const heading = params.historyKind === "recent" ? RECENT_HISTORY_MARKER : HISTORY_CONTEXT_MARKER;
  return [heading, params.historyText, "", CURRENT_MESSAGE_MARKER, params.currentMessage].join(newline);
}

export function buildPendingHistoryContextFromMap<T extends HistoryEntry>(params: {
  historyMap: HistoryMap<T>;
  historyKey: string;
  limit: number;
  currentMessage: string;
  formatEntry(entry: T): string;
  lineBreak?: string;
}): string {
  if (params.limit <= 0) return params.currentMessage;
  const entries = params.historyMap.get(params.historyKey) ?? [];
  const newline = params.lineBreak ?? "\n";
  return buildHistoryContext({ ...params, historyText: entries.map(params.formatEntry).join(newline) });
}

/** The same over a list; by default its last entry is the current message itself and is left out. */
export function buildHistoryContextFromEntries<T extends HistoryEntry>(params: {
  entries: readonly T[];
  currentMessage: string;
  formatEntry(entry: T): string;
  lineBreak?: string;
  excludeLast?: boolean;
  historyKind?: "pending" | "recent";
}): string {
  const entries = params.excludeLast === false ? params.entries : params.entries.slice(0, -1);
  const historyText = entries.map(params.formatEntry).join(params.lineBreak ?? "\n");
  return buildHistoryContext({ ...params, historyText });
}

/** `InboundHistory` of a message context: the newest `limit` entries, as data. */
export function buildInboundHistoryFromEntries(params: {
  entries: readonly HistoryEntry[];
  limit?: number;
}): Pick<HistoryEntry, "sender" | "body" | "timestamp" | "messageId" | "media">[] | undefined {
  const { entries, limit = entries.length } = params;
  if (limit <= 0 || entries.length === 0) return undefined;
  return entries.slice(-limit).map(({ sender, body, timestamp, messageId, media }) => ({
    sender,
    body,
    ...(timestamp === undefined ? {} : { timestamp }),
    ...(messageId === undefined ? {} : { messageId }),
    ...(media === undefined ? {} : { media }),
  }));
}

export function clearHistoryEntries<T extends HistoryEntry>(params: {
  historyMap: HistoryMap<T>;
  historyKey: string;
}): void {
  params.historyMap.set(params.historyKey, []);
}

export function clearHistoryEntriesIfEnabled<T extends HistoryEntry>(params: {
  historyMap: HistoryMap<T>;
  historyKey: string;
  limit: number;
}): void {
  if (params.limit > 0) clearHistoryEntries(params);
}

export function createChannelHistoryWindow<T extends HistoryEntry = HistoryEntry>(params: {
  historyMap: HistoryMap<T>;
}) {
  const { historyMap } = params;
  type Key = { historyKey: string; limit: number };
  return {
    record: (given: Key & { entry?: T | null }) =>
      recordPendingHistoryEntryIfEnabled({ historyMap, ...given }),
    async recordWithMedia(
      given: Key & {
        entry?: T | null;
        media?: readonly object[] | (() => Promise<readonly object[] | null | undefined>);
        [extra: string]: unknown;
      },
    ) {
      const media = typeof given.media === "function" ? await given.media() : given.media;
      const entry = given.entry && media?.length ? { ...given.entry, media } : given.entry;
      return recordPendingHistoryEntryIfEnabled({ historyMap, ...given, entry: entry ?? null });
    },
    buildPendingContext: (
      given: Key & { currentMessage: string; formatEntry(entry: T): string; lineBreak?: string },
    ) => buildPendingHistoryContextFromMap({ historyMap, ...given }),
    buildInboundHistory: ({ historyKey, limit }: Key) => {
      const entries = limit > 0 ? (historyMap.get(historyKey) ?? []) : [];
      if (entries.length === 0) return undefined;
      return entries.map(({ sender, body, timestamp, media }) => ({
        sender,
        body,
        ...(timestamp === undefined ? {} : { timestamp }),
        ...(media === undefined ? {} : { media }),
      }));
    },
    clear: (given: Key) => clearHistoryEntriesIfEnabled({ historyMap, ...given }),
  };
}
