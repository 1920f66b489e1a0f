export { getTranscriptSourceProvider, listTranscriptSourceProviders } from "./providers/lookups.ts";
export { normalizeProviderName as normalizeTranscriptSourceProviderId } from "./providers/registered.ts";
