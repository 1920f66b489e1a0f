import { describe, expect, it } from "vitest";
import { MAX_PUBLIC_ARTIFACTS } from "../../src/plugin-sdk/memory/active-memory.ts";
import type { Fixture } from "../contract/support.ts";
import { pluginBench } from "./support.ts";

const LIST = `const { listActiveMemoryPublicArtifacts } = await sdk("memory-host-core");
  return listActiveMemoryPublicArtifacts({ cfg: params.cfg ?? api.config });`;

function memory(listArtifacts: string, more = ""): Fixture {
  return {
    id: "keeper",
    manifest: { kind: "memory" },
    register: `api.registerMemoryCapability({ publicArtifacts: { listArtifacts: ${listArtifacts} }, ${more} });`,
  };
}

const IN_SLOT = { config: { plugins: { slots: { memory: "keeper" } } } };

describe("companions of a memory plugin", () => {
  it("[F016] [F119] read the files it shows through memory-host-core, sorted, and only those of a workspace", async () => {
    const file = (relativePath: string, more: object = {}) => ({
      kind: "daily-note",
      workspaceDir: "/work/one",
      relativePath,
      absolutePath: `/work/one/${relativePath}`,
      agentIds: ["main", 7],
      contentType: "markdown",
      ...more,
    });
    const shown = [
      file("memory/b.md"),
      file("memory/a.json", { contentType: "json", kind: "index" }),
      file("../two/secret.md", { absolutePath: "/work/two/secret.md" }),
      file("other.md", { absolutePath: "/etc/passwd" }),
      file("wrong.bin", { contentType: "binary" }),
      file("incomplete.md", { workspaceDir: undefined }),
      "no artifact",
    ];
    const { run } = await pluginBench({
      ...IN_SLOT,
      others: [memory(`async ({ cfg }) => cfg.shown ?? ${JSON.stringify(shown)}`)],
    });
    expect(await run(LIST)).toEqual([
      file("memory/a.json", { contentType: "json", kind: "index", agentIds: ["main"] }),
      file("memory/b.md", { agentIds: ["main"] }),
    ]);
    const many = Array.from({ length: MAX_PUBLIC_ARTIFACTS + 1 }, (_, index) => file(`${index}.md`));
    const counted = await run(
      `const shown = Array.from({ length: ${many.length} }, (_, index) => (
         { ...params.one, relativePath: index + ".md", absolutePath: "/work/one/" + index + ".md" }));
       const { listMemoryHostPublicArtifacts } = await sdk("memory-host-core");
       return (await listMemoryHostPublicArtifacts({ cfg: { shown } })).length;`,
      { one: many[0] },
    );
    expect(counted).toBe(MAX_PUBLIC_ARTIFACTS);
  });

  it("[F016] get nothing when no memory is active, and the error of one that fails", async () => {
    const { run } = await pluginBench({ others: [memory("() => [{}]")] });
    expect(await run(LIST)).toEqual([]);
    const failing = await pluginBench({
      ...IN_SLOT,
      others: [memory(`async () => { throw new Error("the index is locked"); }`)],
    });
    await expect(failing.run(LIST)).rejects.toThrow("the index is locked");
  });

  it("[F016] see who keeps the memory, its prompt lines, and follow it when it goes", async () => {
    const { run, gateway, call } = await pluginBench({
      ...IN_SLOT,
      others: [
        memory(
          "() => []",
          `promptBuilder: ({ availableTools, agentId }) => [agentId + " " + [...availableTools]]`,
        ),
        { id: "wiki", register: `api.registerMemoryPromptSupplement(() => ["wiki line"]);` },
        { id: "broken", register: `api.registerMemoryPromptSupplement(() => { throw new Error("no"); });` },
      ],
    });
    const look = `const core = await sdk("memory-host-core");
      return {
        owner: core.getMemoryCapabilityRegistration()?.pluginId ?? null,
        lines: core.buildActiveMemoryPromptSection({ availableTools: new Set(["memory_get"]), agentId: "main" }),
        agents: ["agent:Ops:main", "main", null].map((sessionKey) =>
          core.resolveSessionAgentId({ sessionKey, config: { agents: { list: [{ id: "first" }] } } })),
      };`;
    expect(await run(look)).toEqual({
      owner: "keeper",
      lines: ["main memory_get", "wiki line"],
      agents: ["ops", "first", "first"],
    });
    const { hash } = await call("config.get");
    const patch = JSON.stringify({ plugins: { entries: { keeper: { enabled: false } } } });
    await call("config.patch", { raw: patch, baseHash: hash });
    await expect
      .poll(() => gateway.services.plugins.records().find(({ id }) => id === "keeper")?.status)
      .toBe("disabled");
    expect(await run(look)).toMatchObject({ owner: null, lines: ["wiki line"] });
  });
});
