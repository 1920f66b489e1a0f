import { describe, expect, it } from "vitest";
import { pluginBench } from "../support/plugin-bench.ts";
import { readManifest } from "./support/read-manifest.ts";

const MODEL = {
  id: "p-large",
  name: "P large",
  api: "openai-completions",
  baseUrl: "https://large.example/v1",
  input: ["text", "image"],
  reasoning: true,
  contextWindow: 200_000,
  contextWindows: [100_000, 200_000],
  contextWindowDefault: 100_000,
  contextTokens: 90_000,
  maxTokens: 8192,
  thinkingLevelMap: { low: "l", max: null },
  cost: {
    input: 1,
    output: 2,
    cacheRead: 0,
    cacheWrite: 0.5,
    tieredPricing: [{ input: 2, output: 4, cacheRead: 0, cacheWrite: 1, range: [100_000] }],
  },
  compat: { supportsStore: false },
  upstreamModel: "p-large-2026",
  mediaInput: { image: { maxCount: 4 } },
  status: "deprecated",
  statusReason: "slow",
  replaces: ["p-old"],
  replacedBy: "p-huge",
  tags: ["chat"],
};
const CHOICE = {
  provider: "p",
  method: "api-key",
  choiceId: "p-api-key",
  platforms: ["linux"],
  choiceLabel: "P key",
  choiceHint: "from your account",
  icon: "p",
  website: "https://p.example/keys",
  assistantPriority: -1,
  assistantVisibility: "manual-only",
  deprecatedChoiceIds: ["p-key"],
  groupId: "p",
  groupLabel: "P",
  groupHint: "key",
  onboardingFeatured: true,
  optionKey: "pApiKey",
  cliFlag: "--p-api-key",
  cliOption: "--p-api-key <key>",
  cliDescription: "P key",
  personalAccount: false,
  appGuidedSecret: true,
  appGuidedActionLabel: "Get a key",
  appGuidedDiscovery: true,
  appGuidedAuth: "device-code",
  credentialOnly: true,
  channelLogin: { aliases: ["pp"] },
  modelTarget: "utility",
};
const INTEGRATION = {
  providerAlias: "vault",
  displayName: "Vault",
  source: "exec",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: that is how manifests write it.
  command: "${node}",
  args: ["./dist/vault.js", "--token=hidden"],
  timeoutMs: 1000,
  noOutputTimeoutMs: 500,
  maxOutputBytes: 4096,
  jsonOnly: true,
  env: { VAULT_TOKEN: "hidden" },
  passEnv: ["HOME"],
};

describe("what a manifest says of models and keys", () => {
  it("[F250] is read whole, and inspect shows it without what may be secret", async () => {
    const bench = await pluginBench();
    const manifest = {
      providers: ["p"],
      providerCatalogEntry: "./dist/catalog.js",
      capabilityCatalogEntry: "dist/capabilities.js",
      modelSupport: { modelPrefixes: ["p-"], modelPatterns: ["^p\\d+(?:-|$)"] },
      modelCatalog: {
        modelsDev: { p: "p-dev" },
        providers: {
          p: {
            baseUrl: "https://user:hidden@p.example/v1",
            api: "openai-completions",
            headers: { "X-Team": "hidden" },
            defaultModel: "p-large",
            defaultUtilityModel: "p-small",
            models: [MODEL],
          },
        },
        aliases: { pp: { provider: "p", api: "x", baseUrl: "https://pp.example" } },
        suppressions: [
          {
            provider: "p",
            model: "p-old",
            reason: "gone",
            retirement: { replacedBy: "p-large" },
            when: { baseUrlHosts: ["p.example"], providerConfigApiIn: ["x"] },
          },
        ],
        discovery: { p: "refreshable" },
        runtimeAugment: true,
      },
      modelPricing: { providers: { p: { openRouter: { provider: "p" }, liteLLM: false } } },
      modelIdNormalization: {
        providers: {
          p: {
            aliases: { big: "p-large" },
            stripPrefixes: ["p/"],
            prefixWhenBare: "p",
            prefixWhenBareAfterAliasStartsWith: [{ modelPrefix: "x-", prefix: "x" }],
          },
        },
      },
      providerEndpoints: [
        {
          endpointClass: "p-native",
          hosts: ["p.example"],
          hostSuffixes: [".p.example"],
          baseUrls: ["https://p.example/v1"],
          googleVertexRegion: "eu",
          googleVertexRegionHostSuffix: "-p.example",
        },
      ],
      providerRequest: {
        providers: {
          p: {
            family: "p",
            compatibilityFamily: "moonshot",
            openAICompletions: { supportsStreamingUsage: false },
          },
        },
      },
      syntheticAuthRefs: ["p"],
      nonSecretAuthMarkers: ["p-local"],
      providerUsageAuthEnvVars: { p: ["P_ADMIN_KEY"] },
      providerAuthAliases: { pp: "p", ppp: { provider: "p", baseUrls: ["https://ppp.example"] } },
      providerAuthChoices: [CHOICE, { ...CHOICE, onboardingScopes: ["image-generation"] }],
      secretProviderIntegrations: { vault: INTEGRATION },
    };
    await bench.write("global", "it", { manifest, register: "" });
    await bench.host.start();
    const read = (await bench.host.snapshot()).find("it")?.candidate.manifest?.providerMetadata;
    const { provider, method, choiceId, ...presentation } = CHOICE;
    const choice = { provider, method, choiceId, presentation };
    const expected = {
      ...manifest,
      providers: undefined,
      modelPricing: manifest.modelPricing.providers,
      modelIdNormalization: manifest.modelIdNormalization.providers,
      providerRequest: manifest.providerRequest.providers,
      providerAuthAliases: { ...manifest.providerAuthAliases, pp: { provider: "p" } },
      providerAuthChoices: [
        { ...choice, onboardingScopes: ["text-inference"] },
        { ...choice, onboardingScopes: ["image-generation"] },
      ],
    };
    expect({ ...read, providers: undefined }).toEqual(expected);
    const shown = (await bench.host.inspect("it"))?.metadata?.models;
    expect(JSON.stringify(shown)).not.toContain("hidden");
    expect(shown?.modelCatalog?.providers["p"]).toMatchObject({
      baseUrl: "https://[redacted]@p.example/v1",
      headers: { "X-Team": "[redacted]" },
      models: [MODEL],
    });
    expect(shown?.secretProviderIntegrations["vault"]).toMatchObject({
      args: ["./dist/vault.js", "[redacted]"],
      env: { VAULT_TOKEN: "[redacted]" },
    });
    expect(shown?.providerAuthChoices).toEqual(expected.providerAuthChoices);
  });

  it("[F250] names the owners of models that manifests list, also of plugins that are off", async () => {
    const bench = await pluginBench({ plugins: { entries: { off: { enabled: false } } } });
    const catalogue = (provider: string) => ({
      manifest: {
        modelCatalog: {
          providers: { [provider]: { models: [{ id: "m" }] } },
          aliases: { [`${provider}-alias`]: { provider } },
        },
      },
      register: "",
    });
    await bench.write("global", "on", catalogue("p"));
    await bench.write("global", "off", catalogue("q"));
    const { owners } = await bench.host.snapshot();
    expect(Object.fromEntries(owners.modelCatalogProviders)).toEqual({
      p: ["on"],
      "p-alias": ["on"],
      q: ["off"],
      "q-alias": ["off"],
    });
  });

  const models = (list: unknown[]) => ({ modelCatalog: { providers: { p: { models: list } } } });
  it.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    [
      "parts of another type",
      { modelSupport: 1, modelCatalog: [], modelPricing: "x", providerEndpoints: {}, providerRequest: 5 },
      { providerEndpoints: [], providerRequest: {} },
    ],
    [
      "models without an id",
      models([{ name: "x" }, 5, { id: " m " }]),
      { "modelCatalog.providers.p.models": [{ id: "m" }] },
    ],
    [
      "fields of a model that cannot be",
      models([
        {
          id: "m",
          contextWindow: -1,
          maxTokens: "8",
          input: ["smell"],
          status: "lost",
          reasoning: 1,
          cost: { input: 1 },
          thinkingLevelMap: { a: 5 },
          contextWindows: [0],
          tags: [],
        },
      ]),
      { "modelCatalog.providers.p.models": [{ id: "m", thinkingLevelMap: {} }] },
    ],
    [
      "prices and tiers that are no amounts",
      models([
        {
          id: "m",
          cost: {
            input: 1,
            output: 2,
            cacheRead: -1,
            tieredPricing: [
              { input: 1 },
              { input: 1, output: 1, range: [] },
              { input: 1, output: 1, range: [1, 2, 3] },
            ],
          },
        },
      ]),
      { "modelCatalog.providers.p.models.0.cost": { input: 1, output: 2, cacheRead: 0, cacheWrite: 0 } },
    ],
    [
      "providers of another type",
      { modelCatalog: { providers: { a: [], b: {} } } },
      { "modelCatalog.providers": { b: { models: [] } } },
    ],
    [
      "aliases, discovery and catalogue names of another type",
      { modelCatalog: { modelsDev: { a: 1 }, aliases: { a: "p", b: {} }, discovery: { a: "sometimes" } } },
      { modelCatalog: { modelsDev: {}, providers: {}, aliases: {}, suppressions: [], discovery: {} } },
    ],
    [
      "suppressions without a model",
      {
        modelCatalog: {
          suppressions: [{ provider: "p" }, { provider: "p", model: "m", retirement: {}, when: 1 }],
        },
      },
      { "modelCatalog.suppressions": [{ provider: "p", model: "m" }] },
    ],
    [
      "endpoints without a class",
      { providerEndpoints: [{ hosts: ["h"] }, { endpointClass: "c", hosts: "h" }] },
      { providerEndpoints: [{ endpointClass: "c" }] },
    ],
    [
      "aliases for addresses that cannot be read",
      { providerAuthAliases: { a: { provider: "p", baseUrls: 5 }, b: 5 } },
      { providerAuthAliases: {} },
    ],
    [
      "usage variables of another type",
      { providerUsageAuthEnvVars: { a: "X", b: [] } },
      { providerUsageAuthEnvVars: {} },
    ],
    [
      "choices without what names them",
      {
        providerAuthChoices: [
          { ...CHOICE, method: "" },
          { provider: "p", choiceId: "c" },
        ],
      },
      { providerAuthChoices: [] },
    ],
    [
      "what a choice cannot say",
      {
        providerAuthChoices: [
          {
            provider: "p",
            method: "m",
            choiceId: "c",
            website: "http://p.example",
            assistantVisibility: "loud",
            appGuidedAuth: "magic",
            onboardingScopes: ["cooking"],
            assistantPriority: "1",
          },
        ],
      },
      {
        providerAuthChoices: [
          {
            provider: "p",
            method: "m",
            choiceId: "c",
            onboardingScopes: ["text-inference"],
            presentation: {},
          },
        ],
      },
    ],
    [
      "another command than node",
      {
        secretProviderIntegrations: {
          a: { ...INTEGRATION, command: "/bin/sh" },
          b: { ...INTEGRATION, source: "http" },
          c: { ...INTEGRATION, args: [] },
          d: { ...INTEGRATION, args: ["vault.js"] },
        },
      },
      { secretProviderIntegrations: {} },
    ],
    [
      "prefix rules without a prefix",
      { modelIdNormalization: { p: { prefixWhenBareAfterAliasStartsWith: [{ modelPrefix: "x" }] } } },
      { "modelIdNormalization.p.prefixWhenBareAfterAliasStartsWith": [] },
    ],
  ])("[F250] drops silently: %s", async (_title, manifest, expected) => {
    const { metadata, status, codes } = await readManifest(manifest);
    expect([status, codes]).toEqual(["loaded", []]);
    for (const [path, value] of Object.entries(expected)) expect(metadata.models).toHaveProperty(path, value);
  });

  it("[F250] drops headers that would break a request", async () => {
    const bench = await pluginBench();
    const headers = { "X-Good": "1", "X Bad": "1", "X-Split": "a\r\nX-Other: b", "X-Number": 5 };
    await bench.write("global", "it", {
      manifest: { modelCatalog: { providers: { p: { headers } } } },
      register: "",
    });
    const read = (await bench.host.snapshot()).find("it")?.candidate.manifest?.providerMetadata;
    expect(read?.modelCatalog?.providers["p"]?.headers).toEqual({ "X-Good": "1" });
  });

  it.each([
    ["providerCatalogEntry", { providerCatalogEntry: "../catalog.js" }],
    ["capabilityCatalogEntry", { capabilityCatalogEntry: "/etc/catalog.js" }],
    [
      "secretProviderIntegrations.args",
      { secretProviderIntegrations: { v: { ...INTEGRATION, args: ["./../v.js"] } } },
    ],
    ["skills", { skills: ["C:\\skills"] }],
  ])("[F250] [F244] warns of a path in %s that leads out, and ignores it", async (field, manifest) => {
    const { status, codes, messages, metadata } = await readManifest(manifest);
    expect([status, codes]).toEqual(["loaded", ["manifest-path-ignored"]]);
    expect(messages[0]).toContain(`"${field}"`);
    expect(metadata.models).toMatchObject({ secretProviderIntegrations: {} });
    expect(metadata.models).not.toHaveProperty(field);
  });
});
