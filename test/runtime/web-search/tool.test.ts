import { describe, expect, it } from "vitest";
import type { AgentTool } from "../../../src/contracts/tool.ts";
import type { WebSearchProviderMembers } from "../../../src/runtime/web-search/ask-web.ts";
import { webSearchTool } from "../../../src/runtime/web-search/tool.ts";
import { registryOf } from "../agent/support.ts";

function searcher(id: string, fields: Partial<WebSearchProviderMembers> = {}): WebSearchProviderMembers {
  return {
    id,
    label: id,
    hint: id,
    envVars: [`${id.toUpperCase()}_KEY`],
    getCredentialValue: () => undefined,
    createTool: ({ runtimeMetadata }) => ({
      description: `asks ${id}`,
      parameters: { type: "object" },
      execute: async (args) => ({ args, runtimeMetadata }),
    }),
    ...fields,
  };
}

function toolFor(
  providers: WebSearchProviderMembers[],
  {
    env = {},
    search = {},
    tools = {},
  }: { env?: Record<string, string>; search?: object; tools?: object } = {},
) {
  const registry = registryOf({
    webSearchProvider: Object.fromEntries(providers.map((provider) => [provider.id, provider])),
    tool: tools as Record<string, unknown>,
  });
  const config = { current: () => ({ config: { tools: { web: { search } } } }) };
  return webSearchTool({ registry, config, env }).create({}) as AgentTool | null;
}

const asked = async (tool: AgentTool | null) =>
  (await tool?.execute("call", { query: "q" } as never))?.details as Record<string, unknown>;

describe("[F046] web_search of agents", () => {
  it("is that of the provider with a credential, else of the first one, and of nobody when switched off", async () => {
    const pair = [searcher("slow", { autoDetectOrder: 20 }), searcher("quick", { autoDetectOrder: 10 })];
    expect(toolFor(pair)?.description).toBe("asks quick");
    expect(toolFor(pair, { env: { SLOW_KEY: "k" } })?.description).toBe("asks slow");
    expect(toolFor(pair, { search: { provider: "slow" } })?.description).toBe("asks slow");
    expect(toolFor(pair, { search: { enabled: false } })).toBeNull();
    expect(toolFor([])).toBeNull();
    const own = { mine: { names: ["web_search"], optional: false, create: () => null } };
    expect(toolFor(pair, { tools: own })).toBeNull();
  });

  it("tells a provider where its key comes from before it is asked", async () => {
    const provider = searcher("p", {
      resolveRuntimeMetadata: ({ resolvedCredential }) => ({ seen: resolvedCredential }),
      getConfiguredCredentialValue: (config) =>
        (config["tools"] as { web: { search: { k?: string } } }).web.search.k,
    });
    const seen = async (options: Parameters<typeof toolFor>[1]) =>
      (await asked(toolFor([provider], options)))["runtimeMetadata"];
    expect(await seen({ search: { k: "c" } })).toEqual({ seen: { value: "c", source: "config" } });
    expect(await seen({ env: { P_KEY: "e" } })).toEqual({
      seen: { value: "e", source: "env", fallbackEnvVar: "P_KEY" },
    });
    expect(await seen({})).toEqual({ seen: { source: "missing" } });
  });

  it("asks the next provider that is ready when one fails, and a chosen one alone", async () => {
    const broken = searcher("broken", {
      autoDetectOrder: 1,
      createTool: () => ({
        description: "",
        parameters: {},
        execute: () => Promise.reject(new Error("down")),
      }),
    });
    const both = { env: { BROKEN_KEY: "k", SPARE_KEY: "k" } };
    expect(await asked(toolFor([broken, searcher("spare")], both))).toMatchObject({ provider: "spare" });
    const chosen = toolFor([broken, searcher("spare")], { ...both, search: { provider: "broken" } });
    await expect(asked(chosen)).rejects.toMatchObject({ code: "WEB_SEARCH_FAILED" });
  });
});
