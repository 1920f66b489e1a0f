import { describe, expect, it } from "vitest";
import { contract } from "./support.ts";

const WATCH = `api.on("llm_input", (event) => { seen.push({ system: event.systemPrompt, messages: event.historyMessages.length }); });`;
const MEMORY = { kind: "memory" };
const IN_SLOT = { config: { plugins: { slots: { memory: "probe" } } } };

describe("memory in the prompt", () => {
  it("[F084, F118] the memory in the slot and supplements of other plugins add their lines", async () => {
    const { say, seen } = await contract(
      [
        {
          register: `${WATCH}
            api.registerMemoryCapability({ promptBuilder: (params) => { seen.push(params.agentSessionKey); return ["MEMORY of " + params.agentId]; } });`,
          manifest: MEMORY,
        },
        { id: "wiki", register: `api.registerMemoryPromptSupplement(() => ["WIKI line"]);` },
        { id: "broken", register: `api.registerMemoryPromptSupplement(() => { throw new Error("no"); });` },
        { id: "early", register: `api.registerMemoryPromptPreparation(async () => ["PREPARED line"]);` },
      ],
      IN_SLOT,
    );
    await say("hello");
    const [key, input] = await seen();
    expect(key).toBe("agent:main:main");
    expect(input.system).toContain("PREPARED line\nMEMORY of main\nWIKI line");
  });

  it("[F120, F121, F122, F118] older setters count, below the capability", async () => {
    const { say, seen } = await contract(
      {
        register: `${WATCH}
          api.registerMemoryPromptSection(() => ["OLD section"]);
          api.registerMemoryFlushPlan(() => null);
          api.registerMemoryRuntime({ getMemorySearchManager: () => ({ manager: null }), resolveMemoryBackendConfig: () => ({}) });`,
        manifest: MEMORY,
      },
      IN_SLOT,
    );
    await say("hello");
    expect((await seen())[0].system).toContain("OLD section");
    const both = await contract(
      {
        register: `${WATCH}
          api.registerMemoryPromptSection(() => ["OLD section"]);
          api.registerMemoryCapability({ promptBuilder: () => ["NEW section"] });`,
        manifest: MEMORY,
      },
      IN_SLOT,
    );
    await both.say("hello");
    const [{ system }] = await both.seen();
    expect(system).toContain("NEW section");
    expect(system).not.toContain("OLD section");
  });
});

describe("memory tools", () => {
  const CORPUS = (name: string, score: number) => `
    api.registerMemoryCorpusSupplement({
      async search(params) { return [{ corpus: "${name}", path: "${name}.md", score: ${score}, snippet: params.query }]; },
      async get({ lookup, fromLine }) { return lookup === "${name}.md" ? { corpus: "${name}", path: lookup, content: "all of ${name}", fromLine: fromLine ?? 1, lineCount: 1 } : null; },
    });`;

  it("[F085] search and read every corpus plugins add, best hits first; a failing one does not matter", async () => {
    const { say } = await contract([
      { register: CORPUS("low", 0.2) },
      { id: "high", register: CORPUS("high", 0.9) },
      {
        id: "broken",
        register: `api.registerMemoryCorpusSupplement({ search() { throw new Error("no"); }, get() { throw new Error("no"); } });`,
      },
    ]);
    const found = await say('/tool memory_search {"query": "tea"}');
    expect(found).toMatch(/high\.md.*low\.md/s);
    expect(await say('/tool memory_search {"query": "tea", "maxResults": 1}')).not.toContain("low.md");
    expect(await say('/tool memory_get {"lookup": "low.md"}')).toContain("all of low");
    expect(await say('/tool memory_get {"lookup": "none.md"}')).toContain("memory_get failed");
  });

  it("[F085] are absent without a corpus and give way to a plugin's own", async () => {
    const none = await contract({ register: "" }, { config: { plugins: { deny: ["capture-ingest"] } } });
    expect(await none.say("/tool memory_search {}")).toContain("There is no tool named memory_search");
    const own = await contract({
      register: `${CORPUS("low", 1)}
        api.registerTool({ name: "memory_search", description: "Own.", parameters: { type: "object", properties: {} },
          execute: async () => ({ content: [{ type: "text", text: "my own search" }] }) });`,
      manifest: { contracts: { tools: ["memory_search"] } },
    });
    expect(await own.say("/tool memory_search {}")).toContain("my own search");
  });
});

describe("context engines", () => {
  const ENGINE = (members: string) => `${WATCH}
    api.registerContextEngine("probe", (made) => { seen.push({ made: Object.keys(made).sort() }); return {
      info: { id: "probe", name: "Probe" }, compact: async () => ({ ok: true, compacted: false }), ${members} }; });`;
  const SELECTED = { config: { plugins: { slots: { contextEngine: "probe" } } } };
  const fixture = (members: string) => ({
    register: ENGINE(members),
    manifest: { kind: "context-engine" },
  });

  it("[F114, F115, F116] the selected one assembles the context with tools, citations and settings, and is told of the turn", async () => {
    const { say, seen } = await contract(
      fixture(`
        async assemble(params) {
          seen.push({ assemble: { tools: params.availableTools instanceof Set, citationsMode: params.citationsMode,
            settings: params.runtimeSettings, prompt: params.prompt, count: params.messages.length } });
          return { messages: params.messages.slice(-1), estimatedTokens: 1, systemPromptAddition: "ENGINE NOTE" };
        },
        async ingest({ message }) { seen.push({ ingest: message.role }); return { ingested: true }; },
        async afterTurn({ runtimeSettings }) { seen.push({ afterTurn: runtimeSettings.contextEngineSelection.selectedId }); }`),
      SELECTED,
    );
    await say("one");
    await say("two");
    const all = await seen();
    const calls = all.flatMap((one) => one.assemble ?? []);
    expect(calls[0]).toMatchObject({
      tools: true,
      citationsMode: "auto",
      prompt: "one",
      count: 0,
      settings: {
        schemaVersion: 1,
        model: { resolved: "echo/echo-1", provider: "echo" },
        contextEngineSelection: { selectedId: "probe" },
      },
    });
    expect(calls[1]).toMatchObject({ prompt: "two", count: 2 });
    const inputs = all.filter((one) => one.system !== undefined);
    expect(inputs[1].messages).toBe(2);
    expect(inputs[1].system).toContain("ENGINE NOTE");
    expect(all.filter((one) => one.made)).toHaveLength(1);
    expect(all.flatMap((one) => one.ingest ?? []).slice(0, 2)).toEqual(["user", "assistant"]);
    expect(all).toContainEqual({ afterTurn: "probe" });
  });

  it("[F116] a strict one is asked again without newer parameters", async () => {
    const { say, seen } = await contract(
      fixture(`
        async assemble(params) {
          if (params.runtimeSettings) throw new Error("unknown key: runtimeSettings");
          seen.push({ strict: true });
          return { messages: params.messages, estimatedTokens: 1 };
        },
        async ingest() { return { ingested: true }; }`),
      SELECTED,
    );
    expect(await say("one")).toContain("one");
    expect(await seen()).toContainEqual({ strict: true });
  });

  it("[F117] gets a completion of the session's own agent", async () => {
    const { say, seen } = await contract(
      fixture(`
        async assemble(params) {
          const made = await params.runtimeContext.llm.complete({ messages: [{ role: "user", content: "summarise" }] });
          seen.push({ text: made.text, agentId: made.agentId });
          const other = await params.runtimeContext.llm.complete({ agentId: "main", messages: [] }).catch((error) => error.code);
          seen.push({ other });
          return { messages: params.messages, estimatedTokens: 1 };
        },
        async ingest() { return { ingested: true }; }`),
      {
        config: {
          agents: { list: [{ id: "main", default: true }, { id: "helper" }] },
          plugins: { slots: { contextEngine: "probe" } },
        },
      },
    );
    await say("one", "agent:helper:main");
    const all = await seen();
    expect(all).toContainEqual({ text: expect.stringContaining("summarise"), agentId: "helper" });
    expect(all).toContainEqual({ other: "LLM_OVERRIDE_DENIED" });
  });

  it("[F114] a failing or unselected one leaves the turn to the built-in one", async () => {
    const broken = fixture(
      `async assemble() { throw new Error("broken"); }, async ingest() { throw new Error("broken"); }`,
    );
    const { say } = await contract(broken, SELECTED);
    expect(await say("still here")).toContain("still here");
    const unselected = await contract(broken);
    expect(await unselected.say("hello")).toContain("hello");
    expect((await unselected.seen()).filter((one) => one.made)).toEqual([]);
  });
});
