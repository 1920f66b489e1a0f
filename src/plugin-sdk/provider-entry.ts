export type { ProviderPlugin } from "../contracts/provider.ts";
export { definePluginEntry } from "./plugin-entry.ts";
