export {
  canonicalizeSpeechProviderId,
  getSpeechProvider,
  listSpeechProviders,
  listSpeechProviders as listLoadedSpeechProviders,
} from "./providers/lookups.ts";
export { normalizeProviderName as normalizeSpeechProviderId } from "./providers/registered.ts";
