export * from "./display.ts";
export * from "./history.ts";
export * from "./session-key.ts";
export { publicEntry, type SessionDefaults } from "./session-row.ts";
export { Sessions } from "./sessions.ts";
export type { SessionChanges } from "./types.ts";
