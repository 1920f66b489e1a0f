import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CATALOGUE } from "../../src/gateway/rpc/catalogue.ts";
import { WireClient } from "../gateway/support/wire-client.ts";
import { writePlugin } from "../plugins/support/plugin-bench.ts";
import { npmRegistry } from "../support/npm-registry.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { contract } from "./support.ts";

const PACKAGES = [
  { name: "@openclaw/brave-plugin", version: "2026.9.1", description: "Searches with Brave" },
  {
    name: "their-brave",
    version: "1.0.0",
    description: "For openclaw and brave people",
    keywords: ["openclaw"],
  },
  { name: "brave-fan", version: "3.0.0", description: "Not for openclaw hosts" },
];

/** A plugin with one of nearly everything an operator looks at. */
const MANY = {
  register: `
    api.registerTool({ name: "pay", description: "Pays.", parameters: { type: "object", properties: {} },
      execute: async () => ({ content: [] }) }, { optional: true });
    api.registerCommand({ name: "greet", description: "Greets.", handler: async () => ({ text: "hi" }) });
    api.registerService({ id: "clock", start() {}, stop() {} });
    api.registerHttpRoute({ path: "/probe", auth: "plugin", handler: (req, res) => { res.end("ok"); } });
    api.registerCli(({ program }) => { program.command("probe"); }, { commands: ["probe"] });
    api.on("before_tool_call", () => undefined, { priority: 7 });
    api.registerHook("command:new", () => {}, { name: "on-new" });`,
  manifest: {
    contracts: { tools: ["pay"] },
    cliCommands: [{ name: "probe", description: "Probes." }],
    configSchema: { type: "object", properties: { level: { type: "number" } } },
  },
};

const METHODS = `plugins.list plugins.inspect plugins.install plugins.uninstall plugins.setEnabled plugins.reload
  plugins.refresh plugins.search plugins.uiDescriptors plugins.sessionAction sessions.pluginPatch plugin.approval.request
  plugin.approval.waitDecision plugin.approval.resolve plugin.approval.list`;

describe("what operators see of plugins", () => {
  it("[F261] every method of the contract is there, and needs the scope the protocol gives it", async () => {
    const { gateway, call } = await contract([]);
    const admin = await WireClient.open(gateway.url, { scopes: ["operator.admin"] });
    const hello = await admin.next(({ id }) => id === "connect-1");
    const { methods, events } = hello.payload.features;
    for (const name of METHODS.split(/\s+/)) {
      expect(methods).toContain(name);
      expect(CATALOGUE.flatMap(({ names }) => names)).toContain(name);
    }
    for (const name of ["plugins.changed", "plugin.approval.requested", "plugin.approval.resolved"])
      expect(events).toContain(name);
    const reader = await WireClient.open(gateway.url, { scopes: ["operator.read"] });
    const refused = { code: "FORBIDDEN" };
    for (const [method, params] of [
      ["plugins.install", { source: "npm", spec: "x" }],
      ["plugins.uninstall", { pluginId: "echo" }],
      ["plugins.setEnabled", { pluginId: "echo", enabled: false }],
      ["plugins.reload", { pluginIds: ["echo"] }],
      ["plugins.refresh", {}],
      ["sessions.pluginPatch", { key: "main", pluginId: "echo", namespace: "n", unset: true }],
      ["plugin.approval.list", {}],
    ] as const)
      expect((await reader.call(method, params)).error, method).toMatchObject(refused);
    expect((await reader.call("plugins.list")).ok).toBe(true);
    expect((await reader.call("plugins.inspect", { pluginId: "echo" })).ok).toBe(true);
    expect((await reader.call("plugins.uiDescriptors")).ok).toBe(true);
    expect(await call("plugins.list")).toMatchObject({ mutationAllowed: true });
  });

  it("[F261] an inspection has every field of the report", async () => {
    const { call, refusal } = await contract(MANY);
    const report = await call("plugins.inspect", { pluginId: "probe" });
    expect(report).toMatchObject({
      status: "loaded",
      shape: "non-capability",
      capabilityMode: "none",
      capabilityCount: 0,
      capabilities: [],
      typedHooks: [{ name: "before_tool_call", priority: 7 }],
      customHooks: [{ name: "on-new", events: ["command:new"] }],
      tools: [{ names: ["pay"], optional: true }],
      commands: ["greet"],
      cliCommands: ["probe"],
      services: ["clock"],
      gatewayDiscoveryServices: [],
      gatewayMethods: ["probe.seen"],
      mcpServers: [],
      lspServers: [],
      httpRouteCount: 1,
      bundleCapabilities: [],
      missingSdkNames: [],
      policy: { allowPromptInjection: true, allowConversationAccess: true },
      compatibility: { signal: "config valid", notices: [] },
      declared: { tools: ["pay"], hooks: ["on-new", "before_tool_call"], cliCommands: ["probe"] },
      components: { commands: ["greet"], unavailable: { capabilities: [] } },
      grants: { hooks: { allowConversationAccess: { effective: true } } },
    });
    expect(report.plugin).toMatchObject({
      id: "probe",
      origin: "config",
      format: "openclaw",
      enabled: true,
      explicitlyEnabled: true,
      activated: true,
      imported: true,
      toolNames: ["pay"],
      hookNames: ["on-new"],
      commands: ["greet"],
      cliCommands: ["probe"],
      services: ["clock"],
      channelIds: [],
      providerIds: [],
      httpRoutes: 1,
      hookCount: 2,
      configSchema: true,
      contracts: { tools: ["pay"] },
      memorySlotSelected: false,
    });
    expect(await refusal("plugins.inspect", { pluginId: "nobody" })).toMatchObject({
      code: "INVALID_REQUEST",
    });
  });

  it("[F261] lists what runs, what is off and what is broken, with what was found", async () => {
    const broken = { id: "broken", register: `throw new Error("no key");` };
    const off = { id: "off", register: "", entry: { enabled: false } };
    const { call } = await contract([MANY, broken, off]);
    const { plugins, diagnostics, generation } = await call("plugins.list");
    const of = (id: string) => plugins.find((one: { id: string }) => one.id === id);
    expect(of("probe")).toMatchObject({ state: "enabled", runtime: { state: "active" }, removable: false });
    expect(of("off")).toMatchObject({ state: "disabled", enabled: false, runtime: { state: "disabled" } });
    expect(of("broken")).toMatchObject({ state: "error", error: expect.stringContaining("no key") });
    expect(diagnostics).toContainEqual(
      expect.objectContaining({ pluginId: "broken", code: "register-failed" }),
    );
    expect(generation).toBeGreaterThan(0);
    const report = await call("plugins.inspect", { pluginId: "broken" });
    expect(report).toMatchObject({
      status: "error",
      runtime: { status: "error" },
      plugin: { toolNames: [] },
    });
  });

  it("[F261] reloads by either form of naming, refreshes, and tells clients of the new generation", async () => {
    const folder = await temporaryFolder();
    const { call, refusal, client } = await contract(MANY, { folder });
    const before = (await call("plugins.list")).generation;
    const first = await call("plugins.reload", { pluginIds: ["probe", "probe"] });
    expect(first).toMatchObject({ ok: true, pluginIds: ["probe"], restartRequired: false });
    expect(first.runtime.generation).toBeGreaterThan(before);
    const second = await call("plugins.reload", { plugins: [{ pluginId: "probe" }] });
    expect(second.runtime.generation).toBeGreaterThan(first.runtime.generation);
    const { generation } = second.runtime;
    await client.next(
      ({ event, payload }) => event === "plugins.changed" && payload.generation === generation,
    );
    expect(await refusal("plugins.reload", { pluginIds: ["nobody"] })).toMatchObject({
      code: "INVALID_REQUEST",
      details: { code: "PLUGIN_UNKNOWN" },
    });
    const many = Array.from({ length: 65 }, (_, index) => `p${index}`);
    expect(await refusal("plugins.reload", { pluginIds: many })).toMatchObject({ code: "INVALID_REQUEST" });
    await writePlugin(join(folder, "state", "extensions", "late"), "late", { register: "" });
    expect(await call("plugins.refresh")).toMatchObject({ ok: true, restartRequired: false });
    const { plugins } = await call("plugins.list");
    expect(plugins).toContainEqual(expect.objectContaining({ id: "late" }));
  });

  it("[F261] searches the registry that npm is set to, and shows only plugins", async () => {
    const registry = await npmRegistry(PACKAGES);
    const { call, refusal, gateway } = await contract([], {
      gateway: { env: { npm_config_registry: registry.url } },
    });
    const reader = await WireClient.open(gateway.url, { scopes: ["operator.read"] });
    const { payload } = await reader.call("plugins.search", { query: "brave" });
    expect(payload.results).toEqual([
      {
        score: 1,
        package: {
          name: "@openclaw/brave-plugin",
          displayName: "brave-plugin",
          family: "code-plugin",
          channel: "official",
          isOfficial: true,
          summary: "Searches with Brave",
          latestVersion: "2026.9.1",
        },
      },
      { score: 0.5, package: expect.objectContaining({ name: "their-brave", channel: "community" }) },
    ]);
    expect(registry.asked.at(-1)).toContain("text=openclaw+brave");
    expect((await call("plugins.search", { query: "brave", limit: 1 })).results).toHaveLength(1);
    expect((await call("plugins.search", { query: "no-such-thing" })).results).toEqual([]);
    // Words that npm would take for an option are left out.
    expect(
      (await call("plugins.search", { query: "--registry=http://elsewhere.invalid brave" })).results,
    ).toHaveLength(2);
    for (const params of [{}, { query: "" }, { query: "x".repeat(201) }, { query: "x", limit: 101 }])
      expect(await refusal("plugins.search", params)).toMatchObject({ code: "INVALID_REQUEST" });
  });

  it("[F261] a third search at one time is told to come back; a registry that is away is named", async () => {
    const registry = await npmRegistry(PACKAGES);
    let release = () => {};
    registry.hold(new Promise<void>((resolve) => (release = resolve)));
    const { call, refusal } = await contract([], { gateway: { env: { npm_config_registry: registry.url } } });
    const first = [call("plugins.search", { query: "a" }), call("plugins.search", { query: "b" })];
    expect(await refusal("plugins.search", { query: "c" })).toMatchObject({
      code: "UNAVAILABLE",
      retryable: true,
      details: { code: "SEARCH_BUSY" },
    });
    release();
    await Promise.all(first);
    const alone = await contract([], {
      gateway: { env: { npm_config_registry: "http://127.0.0.1:9/", npm_config_fetch_retries: "0" } },
    });
    expect(await alone.refusal("plugins.search", { query: "a" })).toMatchObject({
      code: "UNAVAILABLE",
      details: { code: "PACKAGE_UNAVAILABLE" },
    });
  });
});
