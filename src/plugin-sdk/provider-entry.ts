export type { ProviderPlugin } from "../contracts/provider.ts";
export { definePluginEntry } from "./plugin-entry.ts";
export { createProviderApiKeyAuthMethod } from "./providers/api-key-auth.ts";
export { defineSingleProviderPluginEntry } from "./providers/single-provider-entry.ts";
