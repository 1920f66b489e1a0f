export {
  listEmbeddingProviders as listMemoryEmbeddingProviders,
  listEmbeddingProviders as listRegisteredMemoryEmbeddingProviderAdapters,
} from "./memory/embeddings.ts";
