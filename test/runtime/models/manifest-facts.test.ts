import { describe, expect, it } from "vitest";
import type { PluginManifest } from "../../../src/contracts/manifest.ts";
import type { ProviderPlugin } from "../../../src/contracts/provider.ts";
import { systemClock } from "../../../src/kernel/clock.ts";
import { silentLogger } from "../../../src/kernel/logger.ts";
import { normaliseManifest } from "../../../src/plugins/manifest/normalise-manifest.ts";
import type { SluiceConfig } from "../../../src/runtime/config/types.ts";
import { createModels } from "../../../src/runtime/models/index.ts";
import { ManifestFacts } from "../../../src/runtime/models/manifest-facts.ts";
import { fixedConfig, registryOf } from "../agent/support.ts";

function manifest(id: string, fields: Record<string, unknown>): PluginManifest {
  const read = normaliseManifest({ id, configSchema: { type: "object" }, providers: [id], ...fields });
  if (!read.manifest) throw new Error(JSON.stringify(read));
  return read.manifest;
}

const facts = (...manifests: PluginManifest[]) => new ManifestFacts(manifests);

function room(
  manifests: () => PluginManifest[],
  plugins: ProviderPlugin[] = [],
  settings: SluiceConfig = {},
  env: Record<string, string> = {},
) {
  const config = fixedConfig(settings);
  const registry = registryOf({ provider: Object.fromEntries(plugins.map((plugin) => [plugin.id, plugin])) });
  const asked: object[] = [];
  const activate = async (trigger: object) => void asked.push(trigger);
  const options = { registry, config, clock: systemClock, logger: silentLogger, env, activate, manifests };
  return { models: createModels(options), asked };
}

const stream = () => {
  throw new Error("not asked");
};
const plugin = (id: string, fields: Partial<ProviderPlugin> = {}): ProviderPlugin => ({
  id,
  label: id,
  auth: [],
  createStreamFn: () => stream,
  ...fields,
});
const catalogue = (id: string, models: object[], more: object = {}) => ({
  modelCatalog: { providers: { [id]: { api: "wire", baseUrl: "https://a.example/v1", models } }, ...more },
});

describe("names of models", () => {
  it("a pattern says more than a prefix, and what two claim belongs to nobody", () => {
    const known = facts(
      manifest("a", { modelSupport: { modelPrefixes: ["gpt-", "both-"] } }),
      manifest("b", { modelSupport: { modelPrefixes: ["both-"], modelPatterns: ["^gpt-.*-b$"] } }),
    );
    expect(known.providerOfModelName("gpt-5")).toBe("a");
    expect(known.providerOfModelName("gpt-5-b")).toBe("b");
    expect(known.providerOfModelName("both-1")).toBeUndefined();
    expect(known.providerOfModelName("other")).toBeUndefined();
  });

  it("are stripped, translated and prefixed in this order, for the plugin's own providers only", () => {
    const rules = {
      stripPrefixes: ["a/", "models/"],
      aliases: { fast: "speedy-1", full: "maker/full" },
      prefixWhenBareAfterAliasStartsWith: [{ modelPrefix: "speedy", prefix: "quick/" }],
      prefixWhenBare: "maker",
    };
    const known = facts(manifest("a", { modelIdNormalization: { providers: { a: rules, b: rules } } }));
    const spell = (name: string) => known.normalizeModelId("a", name);
    expect(["models/Fast", "A/full", "plain", "x/y", ""].map(spell)).toEqual([
      "quick/speedy-1",
      "maker/full",
      "maker/plain",
      "x/y",
      "",
    ]);
    expect(known.normalizeModelId("b", "fast")).toBe("fast");
  });
});

describe("catalogues of manifests", () => {
  it("tell only of the plugin's own providers, and nothing for those that are found at run time", () => {
    const providers = { a: { models: [{ id: "m" }] }, b: { baseUrl: "https://b.example", models: [] } };
    expect([...facts(manifest("a", { modelCatalog: { providers } })).providers.keys()]).toEqual(["a"]);
    const live = facts(manifest("a", { modelCatalog: { providers, discovery: { a: "runtime" } } }));
    expect(live.providers.size).toBe(0);
    expect(live.undeclared.providers).toEqual(["a"]);
  });

  it("load a plugin for a list only where its manifest does not tell all", async () => {
    const manifests = [
      manifest("told", catalogue("told", [{ id: "m" }])),
      manifest("more", { ...catalogue("more", [{ id: "m" }]), syntheticAuthRefs: ["more"] }),
      manifest("untold", {}),
    ];
    const { models, asked } = room(() => manifests);
    expect((await models.list("all")).map(({ provider }) => provider)).toEqual(["told", "more"]);
    expect(asked).toEqual([
      { kind: "provider", provider: "more" },
      { kind: "provider", provider: "untold" },
    ]);
  });

  it("load a plugin that asks its server for models once there is a key to ask with", async () => {
    const told = catalogue("told", [{ id: "m" }]).modelCatalog;
    const asking = manifest("told", {
      modelCatalog: { ...told, discovery: { told: "refreshable" } },
      setup: { providers: [{ id: "told", envVars: ["TOLD_KEY"] }] },
    });
    const without = room(() => [asking]);
    await without.models.list("all");
    expect(without.asked).toEqual([]);
    const { models, asked } = room(() => [asking], [], {}, { TOLD_KEY: "k" });
    await models.list("all");
    expect(asked).toEqual([{ kind: "provider", provider: "told" }]);
  });

  it("stand until the provider answers for itself; the user's rows stand over both", async () => {
    const manifests = [manifest("p", catalogue("p", [{ id: "cold" }]))];
    const dumb = plugin("p", { catalog: { run: () => null } });
    const ids = async (...given: [ProviderPlugin[], SluiceConfig?]) =>
      (await room(() => manifests, ...given).models.list("all")).map(({ id }) => id);
    expect(await ids([dumb])).toEqual(["cold"]);
    const models = [{ id: "live" }];
    const live = plugin("p", { catalog: { run: () => ({ provider: { models } }) } });
    expect(await ids([live])).toEqual(["live"]);
    expect(await ids([live], { models: { providers: { p: { models: [{ id: "own" }] } } } })).toEqual(["own"]);
    // Where to ask is still what the manifest says.
    expect((await room(() => manifests, [live]).models.resolve("p/live")).model.baseUrl).toBe(
      "https://a.example/v1",
    );
  });

  it("serve an alias with the models of the provider it stands for, unless somebody owns the name", async () => {
    const aliases = { twin: { provider: "p", baseUrl: "https://twin.example/v1" }, q: { provider: "p" } };
    const manifests = [
      manifest("p", catalogue("p", [{ id: "m", contextWindow: 7 }], { aliases })),
      manifest("q", {}),
    ];
    const { models, asked } = room(() => manifests, [plugin("p")]);
    const { model, owner } = await models.resolve("twin/m");
    expect([owner.id, model.baseUrl, model.contextWindow]).toEqual(["p", "https://twin.example/v1", 7]);
    expect(asked).toContainEqual({ kind: "provider", provider: "p" });
    expect((await models.list("all")).map(({ provider }) => provider)).toEqual(["p"]);
    await expect(models.resolve("q/m")).rejects.toThrow('no plugin serves the provider "q"');
  });

  it("refuse what is suppressed with its reason, except a model the user lists", async () => {
    const suppressions = [
      { provider: "p", model: "Gone", reason: "ended in May" },
      { provider: "p", model: "host", when: { baseUrlHosts: ["a.example"], providerConfigApiIn: ["wire"] } },
      { provider: "p", model: "api", when: { providerConfigApiIn: ["another"] } },
      { provider: "q", model: "m" },
    ];
    const rows = ["gone", "host", "api"].map((id) => ({ id })).concat({ id: "off" });
    Object.assign(rows[3] as object, { status: "disabled", replacedBy: "api" });
    const manifests = [
      manifest("p", catalogue("p", rows, { suppressions })),
      manifest("q", catalogue("q", [{ id: "m" }])),
    ];
    const { models } = room(() => manifests, [plugin("p"), plugin("q")]);
    expect((await models.list("all")).map(({ id }) => id)).toEqual(["api", "m"]);
    await expect(models.resolve("p/gone")).rejects.toThrow("ended in May");
    await expect(models.resolve("p/off")).rejects.toThrow("use api");
    const own = { models: { providers: { p: { models: [{ id: "gone" }] } } } };
    expect((await room(() => manifests, [plugin("p")], own).models.resolve("p/gone")).model.id).toBe("gone");
  });

  it("are read anew when there are others", async () => {
    let manifests = [manifest("p", catalogue("p", [{ id: "m", contextWindow: 1 }]))];
    const { models } = room(() => manifests, [plugin("p")]);
    expect((await models.resolve("p/m")).model.contextWindow).toBe(1);
    manifests = [manifest("p", catalogue("p", [{ id: "m", contextWindow: 2 }]))];
    expect((await models.resolve("p/m")).model.contextWindow).toBe(2);
  });
});

describe("keys by manifest", () => {
  const setup = (id: string) => ({ setup: { providers: [{ id, envVars: [`${id.toUpperCase()}_KEY`] }] } });

  it("are lent under an alias only at the addresses it names", () => {
    const baseUrls = ["https://a.example/v1"];
    const manifests = [
      manifest("a", setup("a")),
      manifest("b", { providerAuthAliases: { b: { provider: "a", baseUrls } } }),
    ];
    const keyAt = (baseUrl: string) =>
      room(
        () => manifests,
        [],
        { models: { providers: { b: { baseUrl } } } },
        { A_KEY: "lent" },
      ).models.apiKeyFor("b").apiKey;
    expect(keyAt("https://a.example/v1")).toBe("lent");
    expect(keyAt("https://a.example/v1/chat")).toBe("lent");
    for (const elsewhere of [
      "https://a.example/v10",
      "https://a.example/",
      "http://a.example/v1",
      "https://a.example.evil/v1",
      "https://evil@b.example/v1",
      "nonsense",
    ]) {
      expect(keyAt(elsewhere)).toBeUndefined();
    }
  });

  it("come from the provider's own row before another's, and a missing one names its variables", async () => {
    const manifests = [
      manifest("a", setup("a")),
      manifest("b", { ...setup("b"), providerAuthAliases: { b: "a" } }),
    ];
    const config = { models: { providers: { b: { apiKey: "own" }, a: { apiKey: "lent" } } } };
    expect(room(() => manifests, [], config).models.apiKeyFor("B").apiKey).toBe("own");
    expect(room(() => manifests, [], {}, { A_KEY: "lent" }).models.apiKeyFor("b").apiKey).toBe("lent");
    const rows = {
      catalog: { run: () => ({ provider: { baseUrl: "https://b.example", models: [{ id: "m" }] } }) },
    };
    const { missingAuth } = await room(() => manifests, [plugin("b", rows)]).models.resolve("b/m");
    expect(missingAuth).toContain("B_KEY or A_KEY");
  });

  it("are never a marker, whichever way it came", async () => {
    const manifests = [
      manifest("p", { ...catalogue("p", [{ id: "m" }]), ...setup("p"), nonSecretAuthMarkers: ["p-local"] }),
    ];
    const synthetic = plugin("p", {
      resolveSyntheticAuth: () => ({ apiKey: "p-local", source: "here", mode: "token" }),
      prepareRuntimeAuth: async ({ apiKey }) => ({ apiKey: apiKey === "p-local" ? "made" : "wrong" }),
    });
    for (const [settings, env] of [
      [{ models: { providers: { p: { apiKey: "p-local" } } } }, {}],
      [{}, { P_KEY: "p-local" }],
      [{}, {}],
    ] as [SluiceConfig, Record<string, string>][]) {
      const { models } = room(() => manifests, [synthetic], settings, env);
      const resolved = await models.resolve("p/m");
      expect(resolved).toMatchObject({ authMarker: "p-local" });
      expect(resolved.apiKey).toBeUndefined();
      expect(resolved.missingAuth).toBeUndefined();
      const request = await models.prepare(resolved, { messages: [] });
      expect(request.options.apiKey).toBe("made");
    }
    const { models } = room(() => manifests, [plugin("p")], {}, { P_KEY: "p-local" });
    const request = await models.prepare(await models.resolve("p/m"), { messages: [] });
    expect(request.options.apiKey).toBeUndefined();
    expect((await models.list("default"))[0]?.available).toBe(true);
  });
});
