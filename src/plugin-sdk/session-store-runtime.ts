export { getSessionEntry, listSessionEntries, readSessionUpdatedAt } from "./sessions/reading.ts";
export { resolveSendPolicy } from "./sessions/send-policy.ts";
export {
  deliveryContextFromSession,
  getConversationSession,
  isValidAgentHarnessSessionStoreEntry,
  resolveChannelResetConfig,
  resolveGroupSessionKey,
  sessionDeliveryOrigin,
} from "./sessions/session-facts.ts";
export {
  loadTranscriptEventsSync,
  resolveSessionStoreBackupPaths,
  resolveStorePath,
} from "./sessions/store-files.ts";
export { deleteSessionEntry, patchSessionEntry, updateLastRoute } from "./sessions/writing.ts";
