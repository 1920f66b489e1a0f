/** Types and the entry helpers. Plugins should import a narrow subpath instead of this barrel. */
export type * from "../contracts/capabilities.ts";
export type * from "../contracts/channel.ts";
export type * from "../contracts/hooks.ts";
export type * from "../contracts/manifest.ts";
export type * from "../contracts/messages.ts";
export { emptyUsage } from "../contracts/messages.ts";
export type * from "../contracts/model-stream.ts";
export type * from "../contracts/plugin-api.ts";
export type * from "../contracts/provider.ts";
export type * from "../contracts/registrations.ts";
export type * from "../contracts/runtime.ts";
export type * from "../contracts/tool.ts";
export { defineChannelPluginEntry, defineSetupPluginEntry } from "./channel-core.ts";
export { onDiagnosticEvent } from "./diagnostic-runtime.ts";
export { definePluginEntry, emptyPluginConfigSchema } from "./plugin-entry.ts";
export { defineToolPlugin, getToolPluginMetadata } from "./tool-plugin.ts";
