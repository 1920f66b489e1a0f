import { describe, expect, it } from "vitest";
import { pluginBench } from "../../plugin-sdk/support.ts";
import { completing, wireServer } from "../wire-server.ts";

const API = `const { loadBundledPluginPublicSurfaceModule: load } = await sdk("facade-runtime");
  const openrouter = await load({ pluginId: "openrouter", artifactBasename: "api.js" });`;
const MODEL = "openrouter/maker/some-model";

describe("the public file of the OpenRouter plugin", () => {
  it("[F028] writes the provider and its default model into a configuration, and keeps what is there", async () => {
    const { run } = await pluginBench();
    const [fresh, kept, frozen] = await run(`${API}
      const own = { models: { providers: { openrouter: { baseUrl: "http://proxy/v1", apiKey: "k", models: [{ id: "x" }] } } },
        agents: { defaults: { model: { primary: "a/b", fallbacks: ["c/d"] }, models: { "openrouter/auto": { alias: "mine" } } } } };
      const before = JSON.stringify(own);
      return [openrouter.applyOpenrouterConfig({}), openrouter.applyOpenrouterProviderConfig(own), JSON.stringify(own) === before];`);
    expect(fresh).toEqual({
      agents: {
        defaults: {
          model: { primary: "openrouter/auto" },
          models: { "openrouter/auto": { alias: "OpenRouter" } },
        },
      },
      models: {
        mode: "merge",
        providers: {
          openrouter: {
            baseUrl: "https://openrouter.ai/api/v1",
            api: "openai-completions",
            models: [{ id: "auto", name: "OpenRouter Auto" }],
          },
        },
      },
    });
    expect(kept.models.providers.openrouter).toMatchObject({
      baseUrl: "http://proxy/v1",
      apiKey: "k",
      models: [{ id: "x" }, { id: "auto" }],
    });
    expect(kept.agents.defaults).toMatchObject({
      model: { primary: "a/b", fallbacks: ["c/d"] },
      models: { "openrouter/auto": { alias: "mine" } },
    });
    expect(frozen).toBe(true);
  });

  it("[F028] what it writes is a configuration the gateway answers with", async () => {
    const server = await wireServer({
      "/api/v1/chat/completions": completing("Routed"),
      "/api/v1/models": {
        json: {
          data: [
            {
              id: "maker/some-model",
              name: "Some Model",
              context_length: 65_536,
              architecture: { input_modalities: ["text", "image"] },
              top_provider: { max_completion_tokens: 4_096 },
              supported_parameters: ["tools", "reasoning"],
              pricing: { prompt: "0.0000025", completion: "0.00001", input_cache_read: "-1" },
            },
            { name: "without an id" },
          ],
        },
      },
    });
    const params = { provider: { order: ["one", "two"], allow_fallbacks: false } };
    const { say, call, run } = await pluginBench({
      config: {
        models: { providers: { openrouter: { baseUrl: `${server.url}/api/v1/`, apiKey: "sk-or" } } },
        agents: { defaults: { model: MODEL, thinkingDefault: "high", models: { [MODEL]: { params } } } },
      },
    });
    expect(await say("hello")).toBe("Routed");
    const asked = server.asked.find(({ path }) => path.endsWith("completions"));
    expect(asked?.headers).toMatchObject({ authorization: "Bearer sk-or", "x-title": "Sluice" });
    expect(asked?.body).toMatchObject({
      model: "maker/some-model",
      provider: { order: ["one", "two"], allow_fallbacks: false },
      reasoning: { effort: "high" },
    });
    const { models } = await call("models.list", { view: "all" });
    const row = models.find(({ id }: { id: string }) => id === "maker/some-model");
    expect(row).toMatchObject({
      name: "Some Model",
      contextWindow: 65_536,
      reasoning: true,
      input: ["text", "image"],
    });
    const catalogue = await run(
      `${API}
       const provider = openrouter.buildOpenrouterProvider();
       const config = { models: { providers: { openrouter: { baseUrl: params.url } } } };
       const key = (apiKey) => () => ({ apiKey });
       const found = await provider.catalog.run({ config, env: {}, resolveProviderApiKey: key("k") });
       return { ids: found.provider.models.map(({ id }) => id), cost: found.provider.models[1].cost,
         none: await provider.catalog.run({ config, env: {}, resolveProviderApiKey: key() }) };`,
      { url: `${server.url}/api/v1` },
    );
    expect(catalogue).toEqual({
      ids: ["auto", "maker/some-model"],
      cost: { input: 2.5, output: 10, cacheRead: 0, cacheWrite: 0 },
      none: null,
    });
  });
});
