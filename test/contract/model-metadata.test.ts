import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { contract } from "./support.ts";

/** A provider that can tell whether its code ran. */
const provider = (id: string, catalogue: string) => `
  globalThis.coldRuns = (globalThis.coldRuns ?? 0) + 1;
  api.registerProvider({ id: "${id}", label: "${id}", auth: [], envVars: ["${id.toUpperCase()}_KEY"], ${catalogue} });`;
const runs = () => (globalThis as { coldRuns?: number }).coldRuns ?? 0;

const CATALOGUE = {
  providers: {
    cold: {
      baseUrl: "https://cold.example/v1",
      api: "openai-completions",
      models: [
        { id: "big", name: "Big", contextWindow: 64_000, reasoning: true, tags: ["fast"] },
        { id: "off", status: "disabled" },
        { id: "try", status: "preview" },
        { id: "gone" },
        { id: "old" },
        { id: "elsewhere" },
      ],
    },
  },
  suppressions: [
    { provider: "cold", model: "gone", reason: "retired by its maker" },
    { provider: "cold", model: "old", retirement: { replacedBy: "big" } },
    { provider: "cold", model: "elsewhere", when: { baseUrlHosts: ["other.example"] } },
  ],
  discovery: { cold: "static" },
};

const COLD = {
  id: "cold",
  manifest: {
    providers: ["cold"],
    activation: { onStartup: false },
    setup: { providers: [{ id: "cold", envVars: ["COLD_KEY"] }] },
    modelCatalog: CATALOGUE,
  },
  register: provider("cold", ""),
};

describe("what a manifest tells of models and keys", () => {
  it("[F250] models.list shows a catalogue without running its plugin", async () => {
    const before = runs();
    const { call } = await contract(COLD);
    const { models } = await call("models.list", { view: "all" });
    const rows = models.filter((row: { provider: string }) => row.provider === "cold");
    expect(rows.map((row: { id: string }) => row.id)).toEqual(["big", "try", "old", "elsewhere"]);
    expect(rows[0]).toMatchObject({
      name: "Big",
      contextWindow: 64_000,
      reasoning: true,
      tags: ["fast"],
      unavailableReason: "missing-auth",
    });
    expect(rows[1]).toMatchObject({ status: "preview" });
    expect(rows[2]).toMatchObject({ status: "deprecated", replacedBy: "big" });
    expect(runs()).toBe(before);
  });

  it("[F250] the key that a manifest's variable holds makes its models available", async () => {
    const before = runs();
    const { call } = await contract(COLD, { gateway: { env: { ...process.env, COLD_KEY: "k" } } });
    const { models } = await call("models.list");
    expect(models).toContainEqual(expect.objectContaining({ id: "big", available: true }));
    expect(runs()).toBe(before);
  });

  it("[F250] a provider finds models and key of another under its aliases, and the key is sent", async () => {
    const seen: (string | undefined)[] = [];
    const asked: string[] = [];
    const server = createServer(async (request, response) => {
      let body = "";
      for await (const chunk of request) body += chunk;
      seen.push(request.headers.authorization);
      asked.push(JSON.parse(body).model);
      response.writeHead(200, { "content-type": "text/event-stream" });
      const chunk = { choices: [{ index: 0, delta: { content: "from afar" }, finish_reason: "stop" }] };
      response.end(`data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n`);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
    const manifest = {
      providers: ["cold", "plan"],
      activation: { onStartup: false },
      setup: { providers: [{ id: "cold", envVars: ["COLD_KEY"] }] },
      providerAuthAliases: { plan: { provider: "cold", baseUrls: [baseUrl] } },
      modelIdNormalization: { plan: { aliases: { latest: "big" }, prefixWhenBare: "maker" } },
      modelSupport: { modelPrefixes: ["frost-"] },
      modelCatalog: {
        providers: {
          plan: { baseUrl, api: "openai-completions", models: [{ id: "maker/big" }] },
          cold: { baseUrl, api: "openai-completions", models: [{ id: "frost-1" }] },
        },
      },
    };
    const { say, call } = await contract(
      { id: "cold", manifest, register: `${provider("cold", "")}${provider("plan", "")}` },
      {
        gateway: { env: { ...process.env, COLD_KEY: "secret-of-cold" } },
        config: {
          agents: { defaults: { model: "plan/latest" } },
        },
      },
    );
    expect(await say("hello")).toBe("from afar");
    expect(seen).toEqual(["Bearer secret-of-cold"]);
    expect(asked).toEqual(["maker/big"]);
    await call("sessions.patch", { key: "main", model: "frost-1" });
    expect(await say("again")).toBe("from afar");
    expect(asked).toEqual(["maker/big", "frost-1"]);
  });

  it("[F250] a text that a manifest calls no key is never sent as one", async () => {
    const manifest = { ...COLD.manifest, nonSecretAuthMarkers: ["cold-local"] };
    const register = `${provider(
      "cold",
      `createStreamFn: (ctx) => { seen.push({ stream: ctx.apiKey ?? null }); return () => { throw new Error("not asked"); }; },
       prepareRuntimeAuth: async (ctx) => { seen.push({ prepare: ctx.apiKey }); return null; }`,
    )}
    api.registerGatewayMethod("cold.auth", async () => {
      const { apiKey, ...rest } = await api.runtime.modelAuth.getRuntimeAuthForModel({ model: { provider: "cold", id: "big" } });
      return { ...rest, hasKey: apiKey !== undefined };
    }, { scope: "operator.read" });`;
    const { call, seen } = await contract(
      { id: "cold", manifest: { ...manifest, activation: { onStartup: true } }, register },
      { config: { models: { providers: { cold: { apiKey: "cold-local" } } } } },
    );
    expect(await call("cold.auth")).toMatchObject({ hasKey: false });
    expect(await seen("cold")).toEqual([{ stream: null }, { prepare: "cold-local" }]);
  });

  it("[F223] sign-ins are listed and ordered as configured, and found under aliases", async () => {
    const folder = await temporaryFolder();
    const agentDir = join(folder, "agent");
    const key = (name: string) => ({ type: "api_key", provider: name, key: "k" });
    const profiles = {
      "cold:a": key("cold"),
      "cold:b": { type: "oauth", provider: "cold", access: "a", refresh: "r", expires: 1 },
      "plan:c": key("plan"),
      "other:d": key("other"),
    };
    const register = `
      ${provider("cold", "")}
      api.registerGatewayMethod("cold.profiles", async ({ params }) => {
        const auth = api.runtime.modelAuth;
        const store = auth.ensureAuthProfileStore(params.agentDir);
        const cfg = params.cfg ?? api.runtime.config.current();
        return {
          known: Object.keys(store.profiles),
          id: auth.resolveProviderIdForAuth("Plan"),
          mine: auth.listProfilesForProvider(store, "plan"),
          order: auth.resolveAuthProfileOrder({ cfg, store, provider: "cold" }),
          configured: [auth.isProviderApiKeyConfigured({ provider: "cold" }), auth.isProviderApiKeyConfigured({ provider: "nobody" })],
          model: api.runtime.modelConfig.resolveDefaultModelForAgent({ cfg }),
          sdk: [
            resolveProviderIdForAuth("plan"),
            listProfilesForProvider(ensureAuthProfileStore(params.agentDir), "plan"),
            resolveAuthProfileOrder({ cfg, store, provider: "cold" }),
            isProviderApiKeyConfigured({ provider: "cold" }),
          ],
          allowed: api.runtime.modelConfig.resolveAllowedModelRef({ cfg, catalog: [], raw: "big", defaultProvider: "cold" }),
        };
      }, { scope: "operator.read" });`;
    const manifest = {
      ...COLD.manifest,
      activation: { onStartup: true },
      providerAuthAliases: { plan: "cold" },
    };
    const { call } = await contract(
      {
        id: "cold",
        manifest,
        register,
        head: `import { ensureAuthProfileStore, isProviderApiKeyConfigured, listProfilesForProvider, resolveAuthProfileOrder } from "openclaw/plugin-sdk/provider-auth";
          import { resolveProviderIdForAuth } from "openclaw/plugin-sdk/provider-auth-aliases";`,
      },
      {
        folder,
        gateway: { env: { ...process.env, COLD_KEY: "k" } },
        config: { agents: { defaults: { model: "cold/big" } } },
      },
    );
    await mkdir(agentDir, { recursive: true });
    await writeFile(join(agentDir, "auth-profiles.json"), JSON.stringify({ version: 1, profiles }));
    const answer = await call("cold.profiles", { agentDir });
    expect(answer).toMatchObject({
      id: "cold",
      mine: ["cold:a", "cold:b", "plan:c"],
      sdk: ["cold", ["cold:a", "cold:b", "plan:c"], ["cold:b", "cold:a", "plan:c"], true],
      order: ["cold:b", "cold:a", "plan:c"],
      configured: [true, false],
      model: { provider: "cold", model: "big" },
      allowed: { key: "cold/big", ref: { provider: "cold", model: "big" } },
    });
    const cfg = { auth: { order: { cold: ["cold:a", "nobody:x"] } } };
    expect((await call("cold.profiles", { agentDir, cfg })).order).toEqual(["cold:a"]);
  });
});
