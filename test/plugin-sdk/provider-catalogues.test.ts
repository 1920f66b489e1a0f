import { describe, expect, it } from "vitest";
import { buildOpenAICompatibleLiveProviderCatalog } from "../../src/plugin-sdk/provider-catalog-live-runtime.ts";
import { defineSingleProviderPluginEntry } from "../../src/plugin-sdk/provider-entry.ts";

const known = {
  baseUrl: "https://models.test/v1/",
  api: "openai-completions",
  models: [{ id: "big", contextWindow: 1_000 }, { id: "old" }],
};

function server(body: unknown, status = 200) {
  const requests: { url: string; authorization: string | null }[] = [];
  const fetchFn = (async (url: string, init: RequestInit) => {
    requests.push({ url, authorization: new Headers(init.headers).get("authorization") });
    return new Response(typeof body === "string" ? body : JSON.stringify(body), { status });
  }) as typeof fetch;
  return { requests, fetchFn };
}

const ask = (fetchFn: typeof fetch, more: object = {}) =>
  buildOpenAICompatibleLiveProviderCatalog({
    providerId: "p",
    providerConfig: known,
    apiKey: "key",
    fetchFn,
    ...more,
  });

describe("a provider that says how to sign in", () => {
  const variables = (provider: object, manifest?: object) => {
    let seen: unknown;
    const api = {
      registerProvider: (value: { envVars?: string[] }) => (seen = value.envVars),
      registerModelCatalogProvider() {},
    };
    const entry = defineSingleProviderPluginEntry({
      id: "p",
      name: "P",
      description: "",
      manifest,
      provider: { label: "P", ...provider },
    });
    entry.register(api as never);
    return seen;
  };
  const method = (envVar: string) => ({ methodId: envVar, envVar });

  it("takes its key from the variables it names, else the manifest's, else those of its sign-in", () => {
    const manifest = { setup: { providers: [{ id: "p", envVars: ["M_KEY"] }] } };
    const auth = [method("A_KEY"), method("B_KEY"), method("A_KEY")];
    expect(variables({ envVars: ["OWN_KEY"], auth }, manifest)).toEqual(["OWN_KEY"]);
    expect(variables({ auth }, manifest)).toEqual(["M_KEY"]);
    expect(variables({ auth })).toEqual(["A_KEY", "B_KEY"]);
  });
});

describe("a catalogue that asks its server", () => {
  it("has what the server lists, with what is known, and nothing that does not chat", async () => {
    const { fetchFn, requests } = server({
      data: [
        { id: "big" },
        { id: "new" },
        { id: "embed", capabilities: { completion_chat: false } },
        { name: "no id" },
        null,
      ],
    });
    const { provider } = await ask(fetchFn);
    expect(provider).toMatchObject({ apiKey: "key", api: "openai-completions" });
    expect(provider.models).toEqual([
      { id: "big", contextWindow: 1_000 },
      { id: "new", name: "new" },
    ]);
    expect(requests).toEqual([{ url: "https://models.test/v1/models", authorization: "Bearer key" }]);
  });

  it("asks with the key for lists, or without one where the list is public", async () => {
    const { fetchFn, requests } = server([{ id: "big" }]);
    await ask(fetchFn, { discoveryApiKey: "list-key" });
    await ask(fetchFn, { authentication: "none" });
    expect(requests.map(({ authorization }) => authorization)).toEqual(["Bearer list-key", null]);
  });

  it("lets the provider make its models of the list", async () => {
    const { fetchFn } = server({ data: [{ id: "x", size: 7 }] });
    const projectRows = (rows: readonly unknown[], config: { models?: unknown[] }) => [
      { id: `of-${rows.length}-${config.models?.length}` },
    ];
    expect((await ask(fetchFn, { projectRows })).provider.models).toEqual([{ id: "of-1-2" }]);
  });

  it.each([
    ["an error", "no", 500],
    ["no JSON", "<html>", 200],
    ["an empty list", { data: [] }, 200],
    ["no list", { data: "x" }, 200],
  ])("keeps what is known when the server answers %s", async (_what, body, status) => {
    const { fetchFn } = server(body, status);
    expect((await ask(fetchFn)).provider.models).toEqual(known.models);
  });

  it("keeps what is known when the server cannot be reached", async () => {
    const fetchFn = (() => Promise.reject(new Error("down"))) as typeof fetch;
    expect((await ask(fetchFn)).provider.models).toEqual(known.models);
  });
});
