import { describe, expect, it } from "vitest";
import { pluginBench } from "../../plugin-sdk/support.ts";
import { saying, wireServer } from "../wire-server.ts";

const MODEL = "anthropic/claude-test";

describe("the contract barrel of the Anthropic plugin", () => {
  it("[F026] lends another plugin its beta header and service tier wrappers", async () => {
    const server = await wireServer({ "/v1/messages": saying("From the other provider") });
    const { say } = await pluginBench({
      probe: {
        manifest: { providers: ["relay"] },
        head: `import { loadBundledPluginPublicSurfaceModule } from "openclaw/plugin-sdk/facade-runtime";
          const claude = await loadBundledPluginPublicSurfaceModule({ dirName: "anthropic", artifactBasename: "contract-api.js" });`,
        register: `api.registerProvider({
          id: "relay", label: "Relay", auth: [],
          resolveDynamicModel: ({ modelId }) => ({ id: modelId, api: "anthropic-messages", baseUrl: ${JSON.stringify(server.url)} }),
          resolveSyntheticAuth: () => ({ apiKey: "sk-relay", source: "test", mode: "api-key" }),
          wrapStreamFn({ streamFn }) {
            const announced = claude.createAnthropicBetaHeadersWrapper(streamFn, ["files-api-2025-04-14", "mine"]);
            return claude.createAnthropicServiceTierWrapper(announced, "standard_only");
          },
        });`,
      },
      config: { agents: { defaults: { model: "relay/claude-x" } } },
    });
    expect(await say("hello")).toBe("From the other provider");
    const [asked] = server.asked;
    expect(asked?.headers["anthropic-beta"]).toBe("files-api-2025-04-14,mine");
    expect(asked?.headers["x-api-key"]).toBe("sk-relay");
    expect(asked?.body).toMatchObject({ model: "claude-x", service_tier: "standard_only" });
  });

  it("[F026] does for its own provider what the model's parameters say", async () => {
    const server = await wireServer({
      "/v1/messages": saying("Hello from Claude"),
      "/v1/models": { json: { data: [{ id: "claude-listed" }] } },
    });
    const params = { anthropicBeta: ["one", "two,one"], context1m: true, fastMode: "on" };
    const { say, call } = await pluginBench({
      config: {
        models: { providers: { anthropic: { baseUrl: `${server.url}/v1/`, apiKey: "sk-ant-own" } } },
        agents: { defaults: { model: MODEL, models: { [MODEL]: { params } } } },
      },
    });
    expect(await say("hello")).toBe("Hello from Claude");
    const asked = server.asked.find(({ path }) => path === "/v1/messages");
    expect(asked?.headers["anthropic-beta"]).toBe("one,two,context-1m-2025-08-07");
    expect(asked?.body.service_tier).toBe("auto");
    const { models } = await call("models.list", { view: "all" });
    expect(models.map(({ provider, id }: { provider: string; id: string }) => `${provider}/${id}`)).toContain(
      "anthropic/claude-listed",
    );
  });

  it("[F026] reads parameters strictly and leaves alone what is not its own", async () => {
    const { run } = await pluginBench();
    const result = await run(`
      const { loadBundledPluginPublicSurfaceModule: load } = await sdk("facade-runtime");
      const claude = await load({ pluginId: "anthropic", artifactBasename: "api" });
      const seen = [];
      const base = (model, context, options) => { seen.push({ headers: options?.headers ?? null, body: options?.onPayload?.({ a: 1 }, model) ?? null }); };
      const model = (api) => ({ id: "m", provider: "p", api });
      const tier = claude.createAnthropicServiceTierWrapper(base, "auto");
      tier(model("anthropic-messages"), {}, { onPayload: (body) => ({ ...body, service_tier: "standard_only" }) });
      tier(model("openai-completions"), {}, {});
      tier(model("anthropic-messages"), {}, { apiKey: "sk-ant-oat01-x" });
      claude.createAnthropicFastModeWrapper(base, false)(model("anthropic-messages"), {});
      claude.createAnthropicBetaHeadersWrapper(base, ["b"])(model("any"), {}, { headers: { "Anthropic-Beta": "a,b", other: "1" } });
      let refused = "";
      try { claude.createAnthropicServiceTierWrapper(undefined, "auto"); } catch (error) { refused = error.message; }
      return {
        seen, refused,
        tiers: ["AUTO", "standard_only", "priority", 1].map((serviceTier) => claude.resolveAnthropicServiceTier({ serviceTier }) ?? null),
        fast: [true, "off", "FAST", "maybe"].map((fastMode) => claude.resolveAnthropicFastMode({ fastMode }) ?? null),
        betas: [{ anthropicBeta: " a , b " }, { context1m: true }, {}, undefined].map((params) => claude.resolveAnthropicBetas(params) ?? null),
        untouched: claude.wrapAnthropicProviderStream({ streamFn: base, extraParams: {} }) === base,
        provider: claude.buildAnthropicProvider().id, base: claude.ANTHROPIC_BASE_URL,
      };`);
    expect(result).toEqual({
      seen: [
        { headers: null, body: { a: 1, service_tier: "standard_only" } },
        { headers: null, body: null },
        { headers: null, body: null },
        { headers: null, body: { a: 1, service_tier: "standard_only" } },
        { headers: { "Anthropic-Beta": "a,b", other: "1" }, body: null },
      ],
      refused: expect.stringContaining("needs the stream"),
      tiers: ["auto", "standard_only", null, null],
      fast: [true, false, true, null],
      betas: [["a", "b"], ["context-1m-2025-08-07"], null, null],
      untouched: true,
      provider: "anthropic",
      base: "https://api.anthropic.com",
    });
  });
});
