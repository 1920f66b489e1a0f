export { embedFiles as embedMemoryFiles } from "../plugins/embeddings.ts";
export {
  getEmbeddingProvider as getMemoryEmbeddingProvider,
  listEmbeddingProviders as listMemoryEmbeddingProviders,
  listEmbeddingProviders as listRegisteredMemoryEmbeddingProviderAdapters,
  resolveMemorySearchEmbeddingProviders,
} from "./memory/embeddings.ts";
