import type { EmbeddingProviderAdapter } from "../contracts/capabilities.ts";
import { SluiceError } from "../kernel/errors.ts";
import { valueAt } from "./config/config-path.ts";
import type { RegistryEntry, RegistryGeneration } from "./types.ts";

/** Chunks one source-wide call may carry. */
export const MAX_CHUNKS_PER_BATCH = 2_048;

export type EmbeddingErrorCode = "EMBEDDING_PROVIDER_UNKNOWN" | "EMBEDDING_BATCH_MISMATCH";

/** The adapter of an id, among the generic ones first and the older memory ones after (spec 3.3.4). */
export function embeddingProvider(
  generation: RegistryGeneration,
  id: string,
): RegistryEntry<EmbeddingProviderAdapter> | undefined {
  return (
    generation.get<EmbeddingProviderAdapter>("embeddingProvider", id) ??
    generation.get<EmbeddingProviderAdapter>("memoryEmbeddingProvider", id)
  );
}

/**
 * The adapters memory search uses, from `agents.defaults.memorySearch.provider` and `.fallback`. Without a
 * choice the first registered one.
 *
 * @throws SluiceError `EMBEDDING_PROVIDER_UNKNOWN` when a chosen id is registered by nobody
 */
export function memorySearchProviders(
  generation: RegistryGeneration,
  config: Readonly<Record<string, unknown>>,
): readonly RegistryEntry<EmbeddingProviderAdapter>[] {
  const chosen = ["provider", "fallback"].flatMap((key) => {
    const id = valueAt(config, `agents.defaults.memorySearch.${key}`);
    return typeof id === "string" && id !== "" && id !== "auto" && id !== "none" ? [id] : [];
  });
  if (chosen.length === 0) {
    const all = ["embeddingProvider", "memoryEmbeddingProvider"].flatMap((kind) =>
      generation.list<EmbeddingProviderAdapter>(kind),
    );
    return all.slice(0, 1);
  }
  return chosen.map((id) => {
    const entry = embeddingProvider(generation, id);
    if (entry) return entry;
    throw new SluiceError<EmbeddingErrorCode>(
      "EMBEDDING_PROVIDER_UNKNOWN",
      `memory search wants the embedding provider "${id}", which no plugin registers; enable its plugin or choose another`,
      { details: { id } },
    );
  });
}

export interface EmbeddingRuntime {
  /** One vector per chunk, in the order of `chunks`; null when it cannot. */
  batchEmbed(options: { chunks: readonly string[] }): Promise<readonly (readonly number[])[] | null>;
  /** Lets chunks of several files share a call. */
  sourceWideBatchEmbed?: boolean;
}

/**
 * Embeds the chunks of changed files: a call for each file, or calls across files where the adapter asks for
 * that. The answer has the shape of `files`; `null` stands for a file the adapter could not embed.
 *
 * @throws SluiceError `EMBEDDING_BATCH_MISMATCH` when an answer has not one vector per chunk
 */
export async function embedFiles(
  runtime: EmbeddingRuntime,
  files: readonly (readonly string[])[],
): Promise<readonly ((readonly number[])[] | null)[]> {
  const groups = runtime.sourceWideBatchEmbed ? groupFiles(files) : files.map((_, index) => [index]);
  const embedded: ((readonly number[])[] | null)[] = files.map(() => null);
  for (const group of groups) {
    const chunks = group.flatMap((index) => files[index] ?? []);
    if (chunks.length === 0) continue;
    const vectors = await runtime.batchEmbed({ chunks });
    if (vectors === null) continue;
    if (vectors.length !== chunks.length) {
      throw new SluiceError<EmbeddingErrorCode>(
        "EMBEDDING_BATCH_MISMATCH",
        `the embedding provider answered ${vectors.length} vectors for ${chunks.length} chunks`,
      );
    }
    let position = 0;
    for (const index of group) {
      const count = files[index]?.length ?? 0;
      embedded[index] = vectors.slice(position, position + count);
      position += count;
    }
  }
  return embedded;
}

function groupFiles(files: readonly (readonly string[])[]): number[][] {
  const groups: number[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const [index, chunks] of files.entries()) {
    if (size + chunks.length > MAX_CHUNKS_PER_BATCH) {
      groups.push([]);
      size = 0;
    }
    groups.at(-1)?.push(index);
    size += chunks.length;
  }
  return groups;
}
