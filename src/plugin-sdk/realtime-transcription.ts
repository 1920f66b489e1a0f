export {
  canonicalizeRealtimeTranscriptionProviderId,
  getRealtimeTranscriptionProvider,
  listRealtimeTranscriptionProviders,
} from "./providers/lookups.ts";
export { normalizeProviderName as normalizeRealtimeTranscriptionProviderId } from "./providers/registered.ts";
