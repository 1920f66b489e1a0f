import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { plannedPluginIds } from "../../src/plugins/activation/planner.ts";
import { type PluginBench, pluginBench } from "./support/plugin-bench.ts";

const NOTHING = { register: "" };

async function decisions(bench: PluginBench, config: object): Promise<Record<string, [boolean, string]>> {
  bench.config.set(config as Record<string, unknown>);
  const host = bench.fresh();
  const snapshot = await host.snapshot();
  return Object.fromEntries(
    snapshot.plugins.map(({ candidate, decision }) => [candidate.id, [decision.enabled, decision.reason]]),
  );
}

describe("activation", () => {
  it("[F160] [F255] decides by the first rule that matches", async () => {
    const bench = await pluginBench();
    await bench.write("global", "installed", NOTHING);
    await bench.write("bundled", "optional", NOTHING);
    await bench.write("bundled", "standard", { ...NOTHING, manifest: { enabledByDefault: true } });
    await bench.write("bundled", "here", {
      ...NOTHING,
      manifest: { enabledByDefaultOnPlatforms: [process.platform] },
    });
    await bench.write("bundled", "chatty", { ...NOTHING, manifest: { channels: ["chat"] } });
    await bench.write("bundled", "cloud", {
      ...NOTHING,
      manifest: { autoEnableWhenConfiguredProviders: ["cloud"] },
    });
    const of = (config: object) => decisions(bench, config);

    expect(await of({})).toEqual({
      chatty: [false, "bundled (disabled by default)"],
      cloud: [false, "bundled (disabled by default)"],
      here: [true, "bundled default enablement"],
      optional: [false, "bundled (disabled by default)"],
      standard: [true, "bundled default enablement"],
      installed: [true, "installed"],
    });
    expect((await of({ plugins: { enabled: false } }))["standard"]).toEqual([false, "plugins disabled"]);
    const denied = { plugins: { deny: ["Standard"], entries: { standard: { enabled: true } } } };
    expect((await of(denied))["standard"]).toEqual([false, "blocked by denylist"]);
    expect((await of({ plugins: { entries: { standard: { enabled: false } } } }))["standard"]).toEqual([
      false,
      "disabled in config",
    ]);
    expect((await of({ plugins: { entries: { optional: { enabled: true } } } }))["optional"]).toEqual([
      true,
      "enabled in config",
    ]);
    expect(
      (
        await of({
          channels: { chat: { enabled: false } },
          plugins: { entries: { chatty: { enabled: true } } },
        })
      )["chatty"],
    ).toEqual([false, "channel disabled in config"]);
    expect((await of({ channels: { chat: {} } }))["chatty"]).toEqual([true, "channel configured"]);
    expect((await of({ models: { providers: { cloud: {} } } }))["cloud"]).toEqual([
      true,
      "provider cloud configured",
    ]);
    const closed = await of({ channels: { chat: { enabled: true } }, plugins: { allow: ["optional"] } });
    expect(closed).toMatchObject({
      chatty: [true, "channel enabled in config"],
      standard: [false, "not in allowlist"],
      installed: [false, "not in allowlist"],
    });
    expect((await of({ plugins: { allow: ["installed"] } }))["installed"]).toEqual([
      true,
      "selected in allowlist",
    ]);
  });

  it("[F194] a workspace plugin is off until it is named", async () => {
    const root = await pluginBench();
    const workspace = join(root.root, "workspace");
    const { writePlugin } = await import("./support/plugin-bench.ts");
    await writePlugin(join(workspace, ".openclaw", "extensions", "local"), "local", NOTHING);
    const bench = await pluginBench({}, { roots: { workspaces: [workspace] } });
    expect(await decisions(bench, {})).toEqual({ local: [false, "workspace plugin (disabled by default)"] });
    expect((await decisions(bench, { plugins: { allow: ["local"] } }))["local"]?.[0]).toBe(true);
  });

  it("[F194] warns of an installed plugin while the allowlist is open", async () => {
    const bench = await pluginBench();
    await bench.write("global", "loose", NOTHING);
    await bench.host.start();
    expect(bench.host.diagnostics().map(({ code, pluginId }) => [code, pluginId])).toEqual([
      ["open-allowlist", "loose"],
      ["untracked-provenance", "loose"],
    ]);
    bench.config.set({ plugins: { entries: { loose: { enabled: true } } } });
    await bench.host.applyConfig();
    expect(bench.host.diagnostics().map(({ code }) => code)).toEqual(["untracked-provenance"]);
  });

  it("[F194] warns of code that nobody installed, also when it is allowed; not of what has a record or a path", async () => {
    const root = await pluginBench();
    const folder = await root.write("extra", "recorded", NOTHING);
    const bench = await pluginBench(
      { plugins: { allow: ["dropped", "recorded", "named"] } },
      { roots: { installed: [folder], global: join(root.root, "global") } },
    );
    await root.write("global", "dropped", NOTHING);
    await root.write("global", "off", NOTHING);
    await bench.host.start();
    const found = bench.host.diagnostics();
    expect(found.map(({ code, pluginId }) => [code, pluginId])).toEqual([
      ["stale-config-reference", "named"],
      ["untracked-provenance", "dropped"],
    ]);
    expect(found[1]?.message).toContain("sluice plugins install");
  });

  it("[F256] the memory slot has one owner; others of the kind are off, plugins of two kinds stay on", async () => {
    const bench = await pluginBench();
    await bench.write("bundled", "memory-core", {
      ...NOTHING,
      manifest: { kind: "memory", enabledByDefault: true },
    });
    await bench.write("global", "mine", { ...NOTHING, manifest: { kind: "memory" } });
    await bench.write("global", "both", { ...NOTHING, manifest: { kind: ["memory", "context-engine"] } });
    expect(await decisions(bench, {})).toEqual({
      "memory-core": [true, "bundled default enablement"],
      both: [true, "installed"],
      mine: [false, "memory slot belongs to memory-core"],
    });
    expect(await decisions(bench, { plugins: { slots: { memory: "mine" } } })).toMatchObject({
      "memory-core": [false, "memory slot belongs to mine"],
      mine: [true, "selected memory slot"],
    });
    expect((await decisions(bench, { plugins: { slots: { memory: "none" } } }))["memory-core"]).toEqual([
      false,
      "memory slot disabled",
    ]);
  });

  it("[F245] legacy ids find their plugin and missing companions are named", async () => {
    const bench = await pluginBench({ plugins: { entries: { "old-name": { enabled: false } } } });
    await bench.write("global", "new-name", {
      ...NOTHING,
      manifest: { legacyPluginIds: ["old-name"], requiresPlugins: ["friend"] },
    });
    await bench.host.start();
    expect(bench.host.records()).toMatchObject([
      { id: "new-name", status: "disabled", reason: "disabled in config" },
    ]);
    expect(bench.host.diagnostics().map(({ code }) => code)).toContain("required-plugin-missing");
    expect((await bench.host.snapshot()).normaliseId("OLD-name")).toBe("new-name");
  });

  it("[F173] [F174] [F175] [F176] plans by trigger, hints apart from ownership, blocked plugins never", async () => {
    const bench = await pluginBench({ plugins: { entries: { off: { enabled: false } } } });
    const owner = {
      providers: ["acme"],
      channels: ["chat"],
      commandAliases: [{ name: "acme" }],
      cliCommands: [{ name: "acme", description: "d", hasSubcommands: false }],
      contracts: { tools: ["t"] },
      setup: { providers: [{ id: "acme-setup" }] },
      activation: {},
    };
    await bench.write("global", "owner", { ...NOTHING, manifest: owner });
    await bench.write("global", "off", { ...NOTHING, manifest: owner });
    await bench.write("global", "hinted", {
      ...NOTHING,
      manifest: {
        activation: {
          onProviders: ["acme"],
          onChannels: ["chat"],
          onCommands: ["acme"],
          onRoutes: ["/x"],
          onAgentHarnesses: ["codex"],
          onCapabilities: ["tool", "hook"],
        },
      },
    });
    const reasons = async (trigger: Parameters<typeof bench.host.plan>[0]) =>
      Object.fromEntries(
        (await bench.host.plan(trigger)).entries.map((entry) => [entry.pluginId, entry.reasons]),
      );
    expect(await reasons({ kind: "provider", provider: "acme" })).toEqual({
      hinted: ["activation-provider-hint"],
      owner: ["manifest-provider-owner"],
    });
    expect(await reasons({ kind: "provider", provider: "acme-setup" })).toEqual({
      owner: ["manifest-setup-provider-owner"],
    });
    expect(await reasons({ kind: "channel", channel: "chat" })).toEqual({
      hinted: ["activation-channel-hint"],
      owner: ["manifest-channel-owner"],
    });
    expect(await reasons({ kind: "command", command: "acme" })).toEqual({
      hinted: ["activation-command-hint"],
      owner: ["manifest-cli-command-owner", "manifest-command-alias"],
    });
    expect(await reasons({ kind: "route", route: "/x" })).toEqual({ hinted: ["activation-route-hint"] });
    expect(await reasons({ kind: "agentHarness", runtime: "codex" })).toEqual({
      hinted: ["activation-agent-harness-hint"],
    });
    expect(await reasons({ kind: "capability", capability: "tool" })).toEqual({
      hinted: ["activation-capability-hint"],
      owner: ["manifest-tool-contract"],
    });
    expect(await reasons({ kind: "capability", capability: "hook" })).toEqual({
      hinted: ["activation-capability-hint"],
    });
    expect(await reasons({ kind: "provider", provider: "nobody" })).toEqual({});
    const { plugins } = await bench.host.snapshot();
    expect(plannedPluginIds(plugins, { kind: "provider", provider: "acme" })).toEqual(["hinted", "owner"]);
    expect(
      plannedPluginIds(
        plugins,
        { kind: "provider", provider: "acme" },
        { requireExplicitManifestOwnerTrust: true },
      ),
    ).toEqual([]);
  });

  it("[F246] loads at start only what asks for it, the rest on its trigger", async () => {
    const bench = await pluginBench({ channels: { chat: {} }, hooks: { feed: true } });
    await bench.write("bundled", "at-start", NOTHING);
    await bench.write("bundled", "never", {
      ...NOTHING,
      manifest: { activation: { onStartup: false }, providers: ["p"] },
    });
    await bench.write("bundled", "by-channel", {
      ...NOTHING,
      manifest: { activation: {}, channels: ["chat"] },
    });
    await bench.write("bundled", "by-path", {
      ...NOTHING,
      manifest: { activation: { onStartup: false, onConfigPaths: ["hooks.feed"] } },
    });
    await bench.write("bundled", "by-contract", {
      ...NOTHING,
      manifest: { activation: { onStartup: false }, contracts: { webSearchProviders: ["w"] } },
    });
    const ids = ["at-start", "never", "by-channel", "by-path", "by-contract"];
    const entries = Object.fromEntries(ids.map((id) => [id, { enabled: true }]));
    bench.config.set({ channels: { chat: {} }, hooks: { feed: true }, plugins: { entries } });
    await bench.host.start();
    const imported = () =>
      bench.host
        .records()
        .filter((record) => record.imported)
        .map(({ id }) => id);
    expect(imported()).toEqual(["at-start", "by-channel", "by-path"]);
    await bench.host.activateRest();
    expect(imported()).not.toContain("never");
    await bench.host.activate({ kind: "provider", provider: "p" });
    expect(imported()).toContain("never");
    expect(imported()).not.toContain("by-contract");
    await bench.host.activate({ kind: "contract", contract: "webSearchProviders" });
    await bench.host.activate({ kind: "contract", contract: "webSearchProviders" });
    expect(imported()).toContain("by-contract");
  });

  it("[F165] [F166] [F167] [F168] [F169] [F170] [F171] [F172] one frozen snapshot serves all and is replaced, not changed", async () => {
    const bench = await pluginBench({ plugins: { load: { paths: [] } } });
    await bench.write("global", "owner", {
      ...NOTHING,
      manifest: {
        providers: ["acme"],
        channels: ["chat"],
        cliBackends: ["cli"],
        contracts: { speechProviders: ["voice"] },
      },
    });
    await bench.host.start();
    const first = await bench.host.snapshot();
    expect(await bench.host.snapshot()).toBe(first);
    expect(Object.isFrozen(first) && Object.isFrozen(first.plugins)).toBe(true);
    expect(
      [first.owners.providers, first.owners.channels, first.owners.cliBackends].map((map) => [...map]),
    ).toEqual([[["acme", ["owner"]]], [["chat", ["owner"]]], [["cli", ["owner"]]]]);
    expect(first.owners.contracts.get("speechProviders:voice")).toEqual(["owner"]);
    expect(first.inputs).toEqual({ loadPaths: [], workspaceDir: undefined });
    await bench.write("global", "later", NOTHING);
    bench.config.set({ plugins: { load: { paths: ["/nowhere"] } } });
    await bench.host.applyConfig();
    const second = await bench.host.snapshot();
    expect(second).not.toBe(first);
    expect(first.find("later")).toBeUndefined();
    expect(second.find("later")?.candidate.id).toBe("later");
    expect(second.inputs.loadPaths).toEqual(["/nowhere"]);
    expect(second.diagnostics.map(({ code }) => code)).toContain("load-path-missing");
  });

  it("[F163] validates settings from the manifest alone and hands defaults to the plugin", async () => {
    const bench = await pluginBench({
      plugins: {
        entries: {
          strict: { config: { size: "big" } },
          fine: { config: { deep: {} } },
          ghost: { enabled: true },
        },
      },
    });
    const configSchema = {
      type: "object",
      additionalProperties: false,
      properties: {
        size: { type: "integer", default: 3 },
        deep: { type: "object", properties: { on: { type: "boolean", default: true } } },
      },
    };
    await bench.write("global", "strict", {
      manifest: { configSchema },
      register: "globalThis.strictRan = true;",
    });
    await bench.write("global", "fine", {
      manifest: { configSchema },
      register: "globalThis.fineConfig = api.pluginConfig;",
    });
    await bench.host.start();
    expect((globalThis as { strictRan?: boolean }).strictRan).toBeUndefined();
    expect(bench.host.records().find(({ id }) => id === "strict")).toMatchObject({
      status: "error",
      failurePhase: "validation",
    });
    expect(bench.host.records().find(({ id }) => id === "strict")?.error).toContain("size");
    expect((globalThis as { fineConfig?: object }).fineConfig).toEqual({ size: 3, deep: { on: true } });
    expect(bench.config.current().config).toMatchObject({
      plugins: { entries: { fine: { config: { deep: {} } } } },
    });
    expect(bench.host.diagnostics().map(({ code, pluginId }) => [code, pluginId])).toContainEqual([
      "stale-config-reference",
      "ghost",
    ]);
    const schemas = await bench.host.configSchemas();
    expect(schemas.plugins["fine"]).toEqual({ schema: configSchema });
  });

  it("[F005] channel schemas come from channelConfigs", async () => {
    const bench = await pluginBench();
    const schema = { type: "object", properties: { server: { type: "string" } } };
    await bench.write("global", "chat", {
      ...NOTHING,
      manifest: { channels: ["chat"], channelConfigs: { chat: { schema } } },
    });
    expect((await bench.host.configSchemas()).channels).toEqual({ chat: { schema } });
  });
});

describe("discovery", () => {
  it("[F159] [F162] [F193] finds plugins in every root and content packs without running anything", async () => {
    const bench = await pluginBench();
    await bench.write("bundled", "inside", NOTHING);
    await bench.write("global", "outside", NOTHING);
    await bench.write("extra", "named", NOTHING);
    const pack = (name: string, files: Record<string, string>) =>
      bench.write("global", name, { files, manifest: {} });
    const { rm } = await import("node:fs/promises");
    const folders = [
      await pack("claude", {
        ".claude-plugin/plugin.json": `{"name":"claude-pack"}`,
        "skills/x/SKILL.md": "x",
        "hooks/hooks.json": "{}",
        ".mcp.json": `{"mcpServers":{"files":{"command":"x"}}}`,
      }),
      await pack("codex", { ".codex-plugin/plugin.json": `{"name":"codex-pack"}` }),
      await pack("bare", { "commands/hello.md": "hi" }),
      await pack("ingest", { "plugin.json": `{"id":"x","source_types":["journal"],"sensitivity":"LOW"}` }),
    ];
    for (const folder of folders) await rm(join(folder, "openclaw.plugin.json"));
    bench.config.set({ plugins: { load: { paths: [join(bench.root, "extra")] } } });
    await bench.host.start();
    const found = bench.host.records().map(({ id, origin, status }) => [id, origin, status]);
    expect(found).toEqual([
      ["named", "config", "loaded"],
      ["inside", "bundled", "disabled"],
      ["bare", "global", "loaded"],
      ["claude-pack", "global", "loaded"],
      ["codex-pack", "global", "loaded"],
      ["outside", "global", "loaded"],
    ]);
    const inspection = await bench.host.inspect("claude-pack");
    expect(inspection?.bundle).toEqual({
      format: "claude",
      capabilities: ["skills", "mcp"],
      notExecuted: ["hooks/hooks.json"],
    });
    expect(inspection?.mcpServers).toEqual(["files"]);
  });

  it("[F013] [F244] reads JSON5 manifests, the older brand's file name, and ignores what it does not know", async () => {
    const bench = await pluginBench();
    const folder = await bench.write("global", "branded", {
      manifest: `{ id: 'branded', configSchema: {}, activation: { onStartup: true }, futureKey: [1], skills: [1, " a ", "a", ""], /* comment */ }`,
      register: "",
    });
    const { rename } = await import("node:fs/promises");
    await rename(join(folder, "openclaw.plugin.json"), join(folder, "OmeniaClaw.plugin.json"));
    await bench.host.start();
    expect(bench.host.records()).toMatchObject([{ id: "branded", status: "loaded", diagnostics: [] }]);
    const manifest = (await bench.host.snapshot()).find("branded")?.candidate.manifest;
    expect(manifest?.skills).toEqual(["a"]);
    expect(manifest).not.toHaveProperty("futureKey");
  });

  it.each(["clawdbot", "moltbot"])(
    "[F244] runs what was published for the contract when it was called %s",
    async (brand) => {
      const bench = await pluginBench();
      const folder = await bench.write("global", "early", {
        manifest: { id: "early", configSchema: {} },
        package: {
          name: "early",
          version: "0.1.0",
          peerDependencies: { [brand]: "*" },
          [brand]: { extensions: ["./index.ts"] },
        },
        files: {
          "index.ts": `import { emptyPluginConfigSchema } from "${brand}/plugin-sdk";
export default { id: "early", configSchema: emptyPluginConfigSchema(), register(api: any) {
  api.registerCommand({ name: "early", description: "d", handler: () => ({ text: "here" }) });
} };`,
        },
      });
      const { rename } = await import("node:fs/promises");
      await rename(join(folder, "openclaw.plugin.json"), join(folder, `${brand}.plugin.json`));
      bench.config.set({ plugins: { entries: { early: { enabled: true } } } });
      await bench.host.start();
      await bench.host.reload("early");
      expect(await bench.host.inspect("early")).toMatchObject({ status: "loaded", commands: ["early"] });
    },
  );

  it.each([
    ["@scope/quality-of-life", "quality-of-life"],
    ["My Pack!", "my-pack"],
    ["--yes", "yes"],
    ["@", "folder"],
  ])("calls a content pack %s by an id that a command takes: %s", async (name, id) => {
    const bench = await pluginBench();
    const folder = await bench.write("global", "folder", {
      files: { ".claude-plugin/plugin.json": JSON.stringify({ name }), "skills/look/SKILL.md": "# Look" },
    });
    const { rm } = await import("node:fs/promises");
    await rm(join(folder, "openclaw.plugin.json"));
    await bench.host.start();
    expect(bench.host.records().map((record) => record.id)).toEqual([id]);
  });

  it("[F244] takes the content of a pack that has no code beside an older brand's manifest", async () => {
    const bench = await pluginBench();
    const folder = await bench.write("global", "pack", {
      manifest: { id: "pack", configSchema: {} },
      files: { ".claude-plugin/plugin.json": '{ "name": "pack" }', "skills/look/SKILL.md": "# Look" },
    });
    const { rename } = await import("node:fs/promises");
    await rename(join(folder, "openclaw.plugin.json"), join(folder, "clawdbot.plugin.json"));
    bench.config.set({ plugins: { entries: { pack: { enabled: true } } } });
    await bench.host.start();
    expect((await bench.host.inspect("pack"))?.bundle).toMatchObject({
      format: "claude",
      capabilities: ["skills"],
    });
  });

  it("[F252] takes built entries before sources, one plugin per entry, and names a missing build", async () => {
    const bench = await pluginBench();
    const entry = (id: string) => `export default { id: "${id}", register() {} };`;
    await bench.write("global", "built", {
      manifest: {},
      package: {
        name: "@x/built",
        version: "1.2.3",
        openclaw: { extensions: ["./src/index.ts"], runtimeExtensions: ["./dist/index.js"] },
      },
      files: { "dist/index.js": `module.exports = { id: "built", register() {} };`, "package.json": "" },
    });
    await bench.write("global", "multi", {
      manifest: {},
      package: { name: "multi", type: "module", OmeniaClaw: { extensions: ["./one.js", "./two.js"] } },
      files: { "one.js": entry("one"), "two.js": entry("two") },
    });
    await bench.write("global", "unbuilt", {
      manifest: {},
      package: { openclaw: { extensions: ["./dist/index.js"] } },
    });
    await bench.host.start();
    expect(bench.host.records().map(({ id, status, version }) => [id, status, version])).toEqual([
      ["built", "loaded", "1.2.3"],
      ["multi/one", "loaded", undefined],
      ["multi/two", "loaded", undefined],
      ["unbuilt", "error", undefined],
    ]);
    expect(bench.host.records()[3]?.error).toContain("build the plugin");
  });

  it("ignores backups, build folders and folders that are no plugins", async () => {
    const bench = await pluginBench();
    for (const name of ["node_modules", "a.bak", "b.disabled", "c.backup-1", ".git"])
      await bench.write("global", name, NOTHING);
    await bench.host.start();
    expect(bench.host.records()).toEqual([]);
  });
});
