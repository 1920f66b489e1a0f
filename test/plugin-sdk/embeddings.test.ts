import { describe, expect, it } from "vitest";
import { pluginBench } from "./support.ts";

/** Vectors of a text: its length, twice. */
const vendor = (id: string, list: string, register: string) => ({
  id,
  manifest: { activation: {}, contracts: { [list]: [`${id}-vectors`] } },
  register: `api.${register}({ id: "${id}-vectors", defaultModel: "m",
    async create(options) {
      return {
        provider: { id: "${id}-vectors", model: options.model, embed: async (input) => [input.length, input.length], embedBatch: async (inputs) => inputs.map((input) => [input.length, input.length]) },
        runtime: { id: "${id}", sourceWideBatchEmbed: ${id === "wide"},
          async batchEmbed({ chunks, agentId }) { seen.push([agentId, ...chunks.map(({ text }) => text)]); return chunks.map(({ text }) => [text.length]); } },
      };
    } });`,
});
const VENDORS = [
  vendor("wide", "embeddingProviders", "registerEmbeddingProvider"),
  vendor("filed", "memoryEmbeddingProviders", "registerMemoryEmbeddingProvider"),
];
const search = (memorySearch: object) => ({ config: { agents: { defaults: { memorySearch } } } });

describe("embeddings for plugins that keep a memory", () => {
  it("[F035] [F036] [F050] [F051] are found by id and by what memory search is set to", async () => {
    const { run, call } = await pluginBench({
      others: VENDORS,
      ...search({ provider: "filed-vectors", fallback: "WIDE-vectors" }),
    });
    const found = await run(`
      const memory = await sdk("memory-core-host-engine-embeddings");
      const { getEmbeddingProvider, listEmbeddingProviders } = await sdk("embedding-providers");
      const chosen = await memory.resolveMemorySearchEmbeddingProviders({ cfg: api.config });
      const { provider } = await chosen[1].create({ config: api.config, model: "m-2" });
      return {
        chosen: chosen.map(({ id }) => id),
        listed: listEmbeddingProviders().map(({ id }) => id),
        registered: memory.listRegisteredMemoryEmbeddingProviderAdapters().map(({ id }) => id),
        vector: await provider.embed("four"), model: provider.model,
        one: getEmbeddingProvider("wide-vectors").defaultModel, none: getEmbeddingProvider("gone") ?? "none",
      };`);
    expect(found).toEqual({
      chosen: ["filed-vectors", "wide-vectors"],
      listed: ["wide-vectors", "filed-vectors"],
      registered: ["wide-vectors", "filed-vectors"],
      vector: [4, 4],
      model: "m-2",
      one: "m",
      none: "none",
    });
    const { plugin, compatibility } = await call("plugins.inspect", { pluginId: "filed" });
    expect(plugin.embeddingProviderIds).toEqual(["filed-vectors"]);
    expect(compatibility.signal).toBe("compatibility advisory");
  });

  it("[F048] [F049] are asked once a file, or across files by those that wish it, in order", async () => {
    const { run, seen } = await pluginBench({ others: VENDORS });
    const vectors = await run(`
      const { embedMemoryFiles, getMemoryEmbeddingProvider } = await sdk("memory-core-host-engine-embeddings");
      const files = [[{ text: "a" }, { text: "bb" }], [{ text: "ccc" }]];
      const of = async (id) => embedMemoryFiles((await getMemoryEmbeddingProvider(id).create({ model: "m" })).runtime, files, { agentId: "main" });
      return [await of("wide-vectors"), await of("filed-vectors")];`);
    const expected = [[[1], [2]], [[3]]];
    expect(vectors).toEqual([expected, expected]);
    expect(await seen("wide")).toEqual([["main", "a", "bb", "ccc"]]);
    expect(await seen("filed")).toEqual([
      ["main", "a", "bb"],
      ["main", "ccc"],
    ]);
  });

  it("[F049] [F051] refuse an answer that does not fit, and a provider nobody has", async () => {
    const { run } = await pluginBench({ others: VENDORS, ...search({ provider: "gone" }) });
    const embed = (answer: string) =>
      run(`const { embedMemoryFiles } = await sdk("memory-core-host-engine-embeddings");
        return embedMemoryFiles({ batchEmbed: async () => (${answer}) }, [["a", "b"]]);`);
    await expect(embed("[[1]]")).rejects.toThrow("1 vectors for 2 chunks");
    for (const answer of ["[[1], [1, 2]]", "[[], []]", "[[NaN], [1]]", `[["x"], [1]]`]) {
      await expect(embed(answer)).rejects.toMatchObject({ code: "EMBEDDING_BATCH_MISMATCH" });
    }
    expect(await embed("null")).toEqual([null]);
    const chosen =
      run(`const { resolveMemorySearchEmbeddingProviders } = await sdk("memory-core-host-engine-embeddings");
      return resolveMemorySearchEmbeddingProviders({ cfg: api.config });`);
    await expect(chosen).rejects.toThrow(/"gone".*enable its plugin/);
  });
});
