export {
  CHAT_PAGE_CHANNEL,
  imagesOf,
  isStopRequest,
  MAX_MESSAGE_CHARS,
  resetRequest,
  sanitizeMessage,
} from "./chat-input.ts";
export * from "./display.ts";
export * from "./history.ts";
export { SessionMaintenance } from "./maintenance.ts";
export * from "./session-key.ts";
export { publicEntry, type SessionDefaults } from "./session-row.ts";
export { Sessions } from "./sessions.ts";
export type { SessionChanges } from "./types.ts";
