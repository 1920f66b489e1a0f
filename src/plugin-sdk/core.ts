/** The broad umbrella for older plugins; new code imports the narrow subpaths. */
export { buildChannelConfigSchema } from "./channel-config-schema.ts";
export { defineChannelPluginEntry, defineSetupPluginEntry } from "./channel-core.ts";
export type * from "./index.ts";
export { definePluginEntry, emptyPluginConfigSchema } from "./plugin-entry.ts";
