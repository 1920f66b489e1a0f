export {
  buildHistoryContext,
  buildPendingHistoryContextFromMap,
  CURRENT_MESSAGE_MARKER,
  clearHistoryEntries,
  clearHistoryEntriesIfEnabled,
  createChannelHistoryWindow,
  DEFAULT_GROUP_HISTORY_LIMIT,
  HISTORY_CONTEXT_MARKER,
  type HistoryEntry,
  MAX_HISTORY_KEYS,
  recordPendingHistoryEntry,
  recordPendingHistoryEntryIfEnabled,
} from "./replies/history.ts";
