export type { EmbeddingProviderAdapter } from "../contracts/capabilities.ts";
export { getEmbeddingProvider, listEmbeddingProviders } from "./memory/embeddings.ts";
