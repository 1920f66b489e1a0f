/** For bundled plugins; others import `channel-config-schema`. */
export * from "./channel-config-primitives.ts";
export { ContextVisibilityModeSchema, ToolPolicySchema } from "./schemas/channel-schemas.ts";
export { GoogleChatConfigSchema, WhatsAppConfigSchema } from "./schemas/published-channels.ts";
