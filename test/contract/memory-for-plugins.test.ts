import { describe, expect, it } from "vitest";
import { contract } from "./support.ts";

/** A memory plugin in its slot, with tools of its own; it asks the host for them too, as some do. */
const MEMORY = {
  id: "brain",
  register: `
    const tool = (name, ctx) => ({ name, description: name, parameters: { type: "object" },
      execute: async () => ({ content: [{ type: "text", text: name + " for " + ctx.sessionKey }] }) });
    api.registerTool((ctx) => { seen.push({ asked: api.runtime.tools.createMemorySearchTool({ config: ctx.config }) });
      return [tool("memory_search", ctx), tool("memory_get", ctx)]; }, { names: ["memory_search", "memory_get"] });
    api.registerCli(({ program }) => { program.command("memory"); }, { commands: ["memory"] });`,
  manifest: {
    kind: "memory",
    contracts: { tools: ["memory_search", "memory_get"] },
    cliCommands: [{ name: "memory", description: "Remembers." }],
  },
};
const ASKING = {
  register: `api.registerGatewayMethod("probe.remember", async () => {
    const { createMemoryGetTool, createMemorySearchTool, registerMemoryCli } = api.runtime.tools;
    const get = createMemoryGetTool({ cfg: {}, agentSessionKey: "agent:main:main" });
    const search = createMemorySearchTool({ config: {} });
    const commands = [];
    await registerMemoryCli({ command: (name) => { commands.push(name); } });
    return { get: get && (await get.execute("1", {})).content[0].text, search: search && search.name, commands };
  }, { scope: "operator.read" });`,
};

describe("api.runtime.tools", () => {
  it("[F225] makes the tools of the active memory plugin, for the session that is named, and its command", async () => {
    const { call, seen } = await contract([MEMORY, ASKING], {
      config: { plugins: { slots: { memory: "brain" } } },
    });
    expect(await call("probe.remember")).toEqual({
      get: "memory_get for agent:main:main",
      search: "memory_search",
      commands: ["memory"],
    });
    // Its own question is not answered with itself.
    expect((await seen("brain")).map(({ asked }: { asked: unknown }) => asked)).toEqual([null, null]);
  });

  it("[F225] gives nothing when nothing remembers, and what corpora hold when there are some", async () => {
    // The bundled capture store remembers too.
    const nobody = { config: { plugins: { deny: ["capture-ingest"] } } };
    const empty = await contract(ASKING, nobody);
    expect(await empty.call("probe.remember")).toEqual({ get: null, search: null, commands: [] });
    const corpus = {
      id: "wiki",
      register: `api.registerMemoryCorpusSupplement({ search: async () => [], get: async () => ({ corpus: "wiki", path: "a", content: "text", fromLine: 1, lineCount: 1 }) });`,
    };
    const { call } = await contract([corpus, ASKING], nobody);
    expect(await call("probe.remember")).toMatchObject({
      get: expect.stringContaining('"content":"text"'),
      search: "memory_search",
    });
  });
});
