import type { EmbeddingProviderAdapter } from "../../contracts/capabilities.ts";
import type { ChannelConfig } from "../../contracts/channel.ts";
import { currentHost, requireServices } from "../ambient/host.ts";

/** The registered adapter of an id, generic or older; `undefined` while no gateway runs or nobody registers it. */
export function getEmbeddingProvider(
  id: string,
  _config?: ChannelConfig,
): EmbeddingProviderAdapter | undefined {
  return currentHost()?.services?.embeddings.find(id);
}

/** All registered adapters, generic ones first, each id once. */
export function listEmbeddingProviders(_config?: ChannelConfig): EmbeddingProviderAdapter[] {
  return [...(currentHost()?.services?.embeddings.list() ?? [])];
}

/**
 * The adapters that `agents.defaults.memorySearch.provider` and `.fallback` name, in this order; the first
 * registered one where nothing is named. Plugins that still wait for their first use are loaded.
 *
 * @throws SluiceError `EMBEDDING_PROVIDER_UNKNOWN` when a named one is registered by nobody
 */
export async function resolveMemorySearchEmbeddingProviders(params: {
  cfg: ChannelConfig;
}): Promise<readonly EmbeddingProviderAdapter[]> {
  return requireServices("resolveMemorySearchEmbeddingProviders").embeddings.forMemorySearch(params.cfg);
}
