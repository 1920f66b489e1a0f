import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { AREAS, catalogueFile, catalogueText, readCatalogue } from "../../scripts/support/sdk-areas.mjs";
import { readInventory } from "../../scripts/support/sdk-inventory.mjs";
import { contract } from "../contract/support.ts";

const root = join(import.meta.dirname, "../..");
const require = createRequire(import.meta.url);
/** By its published name, as an installed copy of this package answers. */
const asPublished = (subpath: string) => require.resolve(`sluice/plugin-sdk/${subpath}`);

const catalogue = await readCatalogue();

async function sourcesBelow(folder: string): Promise<string[]> {
  const files = await readdir(join(root, folder), { recursive: true });
  const wanted = files.filter((file) => /\.tsx?$/.test(file) && !file.includes("node_modules"));
  return wanted.map((file) => join(root, folder, file));
}

describe("the catalogue of subpaths", () => {
  it("[F009] puts every subpath into one area, and the page for authors shows it", async () => {
    expect(AREAS.map(([area]) => area)).toEqual(
      expect.arrayContaining([
        "entry",
        "channel",
        "provider",
        "auth",
        "runtime",
        "capability",
        "memory",
        "reserved",
      ]),
    );
    const areaOf = Object.fromEntries(catalogue.map(({ subpath, area }) => [subpath, area]));
    expect(areaOf).toMatchObject({
      "plugin-entry": "entry",
      "channel-core": "channel",
      "provider-entry": "provider",
      "secret-input": "auth",
      "memory-host-core": "memory",
      speech: "capability",
      "gateway-runtime": "runtime",
      discord: "reserved",
    });
    // `npm run sdk:surface -- --write` writes it anew.
    expect(await readFile(catalogueFile, "utf8")).toBe(catalogueText(catalogue));
  });

  it("[F010] is what the package exports: each inventoried subpath resolves, the SDK's inner files do not", async () => {
    const subpaths = new Set([...Object.keys(await readInventory()), ...catalogue.map((one) => one.subpath)]);
    for (const subpath of subpaths) expect(basename(asPublished(subpath))).toBe(`${subpath}.js`);
    expect(() => asPublished("missing/missing-name")).toThrow(/not (defined|exported)/);
  });

  it("[F012] names what stands in for a deprecated subpath; bundled extensions use none", async () => {
    const deprecated = catalogue.filter(({ deprecated }) => deprecated !== undefined);
    expect(deprecated.map(({ subpath }) => subpath)).toEqual(
      expect.arrayContaining(["channel-config-schema-legacy", "config-runtime", "infra-runtime"]),
    );
    for (const { deprecated: instead } of deprecated) expect(instead).not.toBe("");
    const names = deprecated.map(({ subpath }) => subpath).join("|");
    const use = new RegExp(`["'](?:openclaw|sluice)/plugin-sdk/(?:${names})["']`);
    for (const file of await sourcesBelow("extensions")) {
      expect(use.test(await readFile(file, "utf8")), file).toBe(false);
    }
  });

  it("[F021] branded subpaths link for plugins of others; the host and its extensions use none", async () => {
    const { gateway } = await contract({
      register: `import("openclaw/plugin-sdk/discord").then((shim) => seen.push(Object.keys(shim).length > 0));`,
    });
    expect(gateway.services.plugins.records().find(({ id }) => id === "probe")?.status).toBe("loaded");
    const branded = /plugin-sdk\/(discord|telegram-account)\b/;
    for (const file of [...(await sourcesBelow("extensions")), ...(await sourcesBelow("src"))]) {
      expect(branded.test(await readFile(file, "utf8")), file).toBe(false);
    }
  });

  it("[F022] bundled packages are named after their plugin", async () => {
    for (const folder of await readdir(join(root, "extensions"))) {
      const at = (file: string) => join(root, "extensions", folder, file);
      const { name } = JSON.parse(await readFile(at("package.json"), "utf8")) as { name: string };
      const { id } = JSON.parse(await readFile(at("openclaw.plugin.json"), "utf8")) as { id: string };
      expect(name.replace(/-(provider|plugin|speech|sandbox|media-understanding)$/, "")).toBe(
        `@sluice/${id}`,
      );
    }
  });
});

describe("subpaths, from inside a plugin", () => {
  /** Runs `code` in a plugin of a real gateway and returns what it returned. */
  async function inPlugin(code: string): Promise<unknown> {
    const { call } = await contract({
      register: `
        const sdk = (subpath) => import("openclaw/plugin-sdk/" + subpath);
        const text = ${JSON.stringify(code)};
        const AsyncFunction = (async () => {}).constructor;
        api.registerGatewayMethod("probe.run", async () =>
          ({ result: await new AsyncFunction("api", "sdk", text)(api, sdk) }), { scope: "operator.read" });`,
    });
    return ((await call("probe.run")) as { result: unknown }).result;
  }

  it("[F007] [F008] both schema barrels hand out the very functions of the narrow one", async () => {
    const result = await inPlugin(`
      const [narrow, bundled, legacy] = await Promise.all(
        ["channel-config-schema", "bundled-channel-config-schema", "channel-config-schema-legacy"].map(sdk));
      const schema = bundled.buildChannelConfigSchema(bundled.WhatsAppConfigSchema);
      return {
        bundled: bundled.buildChannelConfigSchema === narrow.buildChannelConfigSchema,
        legacy: legacy.buildChannelConfigSchema === narrow.buildChannelConfigSchema,
        different: Object.keys(legacy).filter((name) => legacy[name] !== narrow[name]),
        whatsApp: schema.schema.type,
        policies: [bundled.DmPolicySchema.safeParse("open").success, bundled.DmPolicySchema.safeParse("x").success],
      };`);
    expect(result).toEqual({
      bundled: true,
      legacy: true,
      different: [],
      whatsApp: "object",
      policies: [true, false],
    });
  });

  it("[F015] generic host contracts: status patches, guarded comparison, the running configuration", async () => {
    const result = await inPlugin(`
      const [gateway, security, config] = await Promise.all(
        ["gateway-runtime", "security-runtime", "plugin-config-runtime"].map(sdk));
      let refused = "";
      try { config.requireRuntimeConfig(undefined, "probe"); } catch (error) { refused = error.message; }
      return {
        loopback: [gateway.isLoopbackHost("127.0.0.1"), gateway.isLoopbackHost("example.org")],
        secret: [security.safeEqualSecret("a", "a"), security.safeEqualSecret("a", "b")],
        config: config.requireRuntimeConfig(api.config, "probe") === api.config,
        merged: config.mergeDeep({ a: { b: 1 } }, { a: { c: 2 } }),
        states: [
          { entries: { x: { enabled: true } } },
          { entries: { x: { enabled: false } } },
          { deny: ["x"], entries: { x: { enabled: true } } },
          { enabled: false },
          {},
        ].map((section) => config.resolveEffectiveEnableState({ id: "x", origin: "bundled", enabledByDefault: true,
          config: config.normalizePluginsConfig(section), rootConfig: { plugins: section } })),
        refused: refused.includes("probe"),
      };`);
    expect(result).toEqual({
      loopback: [true, false],
      secret: [true, false],
      config: true,
      merged: { a: { b: 1, c: 2 } },
      states: [
        { enabled: true, reason: "enabled in config" },
        { enabled: false, reason: "disabled in config" },
        { enabled: false, reason: "blocked by denylist" },
        { enabled: false, reason: "plugins disabled" },
        { enabled: true, reason: "bundled default enablement" },
      ],
      refused: true,
    });
  });

  it("requests go through a dispatcher of the SDK, as it is built", async () => {
    const result = await inPlugin(`
      const { createServer } = await import("node:http");
      const server = createServer((request, response) => response.end("answered " + request.url));
      await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
      const [runtime, proxies] = await Promise.all(["runtime-fetch", "fetch-runtime"].map(sdk));
      const dispatcher = proxies.createHttp1EnvHttpProxyAgent();
      const url = "http://127.0.0.1:" + server.address().port + "/here";
      try {
        return await (await runtime.fetchWithRuntimeDispatcher(url, { dispatcher })).text();
      } finally {
        await dispatcher.close();
        server.close();
      }`);
    expect(result).toBe("answered /here");
  });

  it("[F018] the configuration is read and changed through its narrow subpaths and their older barrel", async () => {
    const result = await inPlugin(`
      const [contracts, snapshot, mutation, barrel, plugin] = await Promise.all(
        ["config-contracts", "runtime-config-snapshot", "config-mutation", "config-runtime", "plugin-config-runtime"].map(sdk));
      const before = snapshot.getRuntimeConfig();
      await mutation.mutateConfigFile({ afterWrite: { mode: "auto" },
        mutate(draft) { draft.messages = { ...draft.messages, responsePrefix: "changed" }; } });
      const after = snapshot.getRuntimeConfig();
      return {
        before: before.messages?.responsePrefix ?? null,
        after: after.messages.responsePrefix,
        frozen: Object.isFrozen(after),
        origin: contracts.resolveGatewayPublicOrigin({}) ?? null,
        live: typeof plugin.resolveLivePluginConfigObject,
        sameBarrel: barrel.getRuntimeConfig === snapshot.getRuntimeConfig,
      };`);
    expect(result).toEqual({
      before: null,
      after: "changed",
      frozen: true,
      origin: null,
      live: "function",
      sameBarrel: true,
    });
  });
});
