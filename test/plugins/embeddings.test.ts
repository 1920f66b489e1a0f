import { describe, expect, it } from "vitest";
import { embedFiles, MAX_CHUNKS_PER_BATCH, memorySearchProviders } from "../../src/plugins/embeddings.ts";
import { activeMemory } from "../../src/plugins/memory.ts";
import { pluginBench } from "./support/plugin-bench.ts";

const search = (memorySearch: object) => ({ agents: { defaults: { memorySearch } } });

describe("embeddings for memory search", () => {
  it("[F036] [F051] provider and fallback resolve against generic and older adapters alike", async () => {
    const bench = await pluginBench();
    await bench.write("global", "vectors", {
      manifest: { contracts: { embeddingProviders: ["new"], memoryEmbeddingProviders: ["old"] } },
      register: `api.registerMemoryEmbeddingProvider({ id: "old", create() {} }); api.registerEmbeddingProvider({ id: "new", create() {} });`,
    });
    await bench.host.start();
    const generation = bench.host.registry.current();
    const ids = (config: object) =>
      memorySearchProviders(generation, config as Record<string, unknown>).map(({ key }) => key);
    expect(ids({})).toEqual(["new"]);
    expect(ids(search({ provider: "old", fallback: "new" }))).toEqual(["old", "new"]);
    expect(() => ids(search({ provider: "gone" }))).toThrow(/"gone".*enable its plugin/);
    expect((await bench.host.inspect("vectors"))?.compatibility.signal).toBe("compatibility advisory");
  });

  const files = [["a1", "a2"], [], ["b1"]];
  it("[F048] [F049] calls once per file by default and once across files on request, in order", async () => {
    const calls: string[][] = [];
    const batchEmbed = async ({ chunks }: { chunks: readonly string[] }) => {
      calls.push([...chunks]);
      return chunks.map((chunk) => [chunk.charCodeAt(0), chunk.charCodeAt(1)]);
    };
    const expected = [
      [
        [97, 49],
        [97, 50],
      ],
      null,
      [[98, 49]],
    ];
    expect(await embedFiles({ batchEmbed }, files)).toEqual(expected);
    expect(calls).toEqual([["a1", "a2"], ["b1"]]);
    calls.length = 0;
    const wide = await embedFiles({ batchEmbed, sourceWideBatchEmbed: true }, files);
    expect(wide).toEqual([expected[0], [], expected[2]]);
    expect(calls).toEqual([["a1", "a2", "b1"]]);
  });

  it("[F049] bounds a source-wide call and refuses an answer of another length", async () => {
    const sizes: number[] = [];
    const many = Array.from({ length: 3 }, () => Array.from({ length: MAX_CHUNKS_PER_BATCH / 2 }, () => "x"));
    const runtime = {
      sourceWideBatchEmbed: true,
      batchEmbed: async ({ chunks }: { chunks: readonly string[] }) => {
        sizes.push(chunks.length);
        return chunks.map(() => [1]);
      },
    };
    await embedFiles(runtime, many);
    expect(sizes).toEqual([MAX_CHUNKS_PER_BATCH, MAX_CHUNKS_PER_BATCH / 2]);
    await expect(embedFiles({ batchEmbed: async () => [[1]] }, [["a", "b"]])).rejects.toMatchObject({
      code: "EMBEDDING_BATCH_MISMATCH",
    });
  });
});

describe("what the host tells hooks and companions", () => {
  it("[F119] a companion reads the artifacts of the selected memory through its capability", async () => {
    const bench = await pluginBench({ plugins: { slots: { memory: "mem" } } });
    await bench.write("global", "mem", {
      manifest: { kind: "memory" },
      register: `api.registerMemoryCapability({ publicArtifacts: { listArtifacts: () => [{ kind: "note", relativePath: "MEMORY.md" }] } });`,
    });
    await bench.host.start();
    const memory = activeMemory(bench.host.registry.current(), "mem");
    expect(memory?.publicArtifacts?.listArtifacts({} as never)).toEqual([
      { kind: "note", relativePath: "MEMORY.md" },
    ]);
  });

  it("[F133] [F134] gateway_start and cron_changed carry config, workspace, schedules and the next run", async () => {
    const bench = await pluginBench();
    await bench.write("global", "it", {
      register: `api.on("gateway_start", ({ port }, ctx) => { globalThis.startSeen = [port, ctx.config.a, ctx.workspaceDir, ctx.getCron()]; });
        api.on("cron_changed", ({ job, action }, ctx) => { globalThis.cronSeen = [action, job.state.nextRunAtMs, ctx.getCron()]; });`,
    });
    await bench.host.start();
    const context = { config: { a: 1 }, workspaceDir: "/w", getCron: () => "cron" };
    await bench.host.hooks.run("gateway_start", { port: 7 }, context);
    await bench.host.hooks.run(
      "cron_changed",
      { action: "scheduled", jobId: "j", job: { id: "j", state: { nextRunAtMs: 9 } } },
      context,
    );
    const seen = globalThis as { startSeen?: unknown; cronSeen?: unknown };
    expect([seen.startSeen, seen.cronSeen]).toEqual([
      [7, 1, "/w", "cron"],
      ["scheduled", 9, "cron"],
    ]);
  });
});
