export { buildOpenAICompatibleLiveProviderCatalog } from "./providers/live-catalog.ts";
