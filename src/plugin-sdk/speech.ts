export { canonicalizeSpeechProviderId, getSpeechProvider, listSpeechProviders } from "./providers/lookups.ts";
export { normalizeProviderName as normalizeSpeechProviderId } from "./providers/registered.ts";
