import type { EmbeddingProviderAdapter } from "../contracts/capabilities.ts";
import { SluiceError } from "../kernel/errors.ts";
import { valueAt } from "./config/config-path.ts";
import type { RegistryEntry, RegistryGeneration } from "./types.ts";

/** Chunks one source-wide call may carry. */
export const MAX_CHUNKS_PER_BATCH = 2_000;
/** Characters of text one source-wide call may carry; a single longer file goes alone. */
export const MAX_BATCH_CHARS = 8 * 1_048_576;

export type EmbeddingErrorCode = "EMBEDDING_PROVIDER_UNKNOWN" | "EMBEDDING_BATCH_MISMATCH";

/** The adapter of an id, in any case, among the generic ones first and the older memory ones after (spec 3.3.4). */
export function embeddingProvider(
  generation: RegistryGeneration,
  id: string,
): RegistryEntry<EmbeddingProviderAdapter> | undefined {
  const wanted = id.trim().toLowerCase();
  return embeddingProviders(generation).find(({ key }) => key.toLowerCase() === wanted);
}

/** All adapters, the generic ones first; of one id the first. */
export function embeddingProviders(
  generation: RegistryGeneration,
): readonly RegistryEntry<EmbeddingProviderAdapter>[] {
  const all = ["embeddingProvider", "memoryEmbeddingProvider"].flatMap((kind) =>
    generation.list<EmbeddingProviderAdapter>(kind),
  );
  return all.filter(({ key }, index) => all.findIndex((other) => other.key === key) === index);
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
    return embeddingProviders(generation).slice(0, 1);
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

/** A piece of a file: its text, or an object that holds it. */
export type EmbeddingChunk = string | { readonly text: string };

export interface EmbeddingRuntime<Chunk extends EmbeddingChunk = EmbeddingChunk> {
  /** One vector per chunk, in the order of `chunks`; null when it cannot. */
  batchEmbed(options: { chunks: readonly Chunk[] }): Promise<readonly (readonly number[])[] | null>;
  /** Lets chunks of several files share a call. */
  sourceWideBatchEmbed?: boolean;
}

/**
 * Embeds the chunks of changed files: a call for each file, or calls across files where the adapter asks for
 * that. The answer has the shape of `files`; `null` stands for a file the adapter could not embed. `options` go
 * to every call.
 *
 * @throws SluiceError `EMBEDDING_BATCH_MISMATCH` when an answer has not one vector of numbers per chunk
 */
export async function embedFiles<Chunk extends EmbeddingChunk>(
  runtime: EmbeddingRuntime<Chunk>,
  files: readonly (readonly Chunk[])[],
  options: Readonly<Record<string, unknown>> = {},
): Promise<readonly ((readonly number[])[] | null)[]> {
  const groups = runtime.sourceWideBatchEmbed === true ? groupFiles(files) : files.map((_, index) => [index]);
  const embedded: ((readonly number[])[] | null)[] = files.map(() => null);
  for (const group of groups) {
    const chunks = group.flatMap((index) => files[index] ?? []);
    if (chunks.length === 0) continue;
    const vectors = await runtime.batchEmbed({ ...options, chunks });
    if (vectors === null) continue;
    const problem = problemOf(vectors, chunks.length);
    if (problem) throw new SluiceError<EmbeddingErrorCode>("EMBEDDING_BATCH_MISMATCH", problem);
    let position = 0;
    for (const index of group) {
      const count = files[index]?.length ?? 0;
      embedded[index] = vectors.slice(position, position + count);
      position += count;
    }
  }
  return embedded;
}

function problemOf(vectors: unknown, count: number): string | undefined {
  if (!Array.isArray(vectors) || vectors.length !== count) {
    const given = Array.isArray(vectors) ? `${vectors.length} vectors` : "no list";
    return `the embedding provider answered ${given} for ${count} chunks`;
  }
  const [first] = vectors as readonly unknown[];
  const size = Array.isArray(first) || ArrayBuffer.isView(first) ? (first as ArrayLike<number>).length : 0;
  const sound = (vectors as readonly ArrayLike<number>[]).every(
    (vector) => size > 0 && vector?.length === size && Array.from(vector).every(Number.isFinite),
  );
  return sound
    ? undefined
    : "the embedding provider answered vectors that are empty, of several lengths, or no numbers";
}

function groupFiles(files: readonly (readonly EmbeddingChunk[])[]): number[][] {
  const groups: number[][] = [];
  let count = Number.POSITIVE_INFINITY;
  let chars = 0;
  for (const [index, chunks] of files.entries()) {
    const length = chunks.reduce(
      (sum, chunk) => sum + (typeof chunk === "string" ? chunk : chunk.text).length,
      0,
    );
    if (count + chunks.length > MAX_CHUNKS_PER_BATCH || chars + length > MAX_BATCH_CHARS) {
      groups.push([]);
      count = 0;
      chars = 0;
    }
    groups.at(-1)?.push(index);
    count += chunks.length;
    chars += length;
  }
  return groups;
}
