import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { importNatively, writePlugin } from "../plugins/support/plugin-bench.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { type Contract, contract, type Fixture } from "./support.ts";

/** Events arrive when they do; a slow machine takes its time. */
const PATIENT = { timeout: 15_000 };

const PROVIDER = `api.registerProvider({ id: "p", label: "P", auth: [] });`;
const SPEECH = `api.registerSpeechProvider({ id: "s", label: "S", isConfigured: () => true, async synthesize() {} });`;
const HOOK = `api.on("message_received", () => {}, { priority: 4 });`;

function plugin(id: string, body: string, manifest: Record<string, unknown> = {}): Fixture {
  return { id, register: body, manifest };
}

const inspect = ({ call }: Contract, pluginId: string) => call("plugins.inspect", { pluginId });

describe("what plugins.inspect tells of a running gateway's plugins", () => {
  // The fixtures of this suite answer `<id>.seen`; a method is neither a capability nor a hook.
  const SPEAKS = { contracts: { speechProviders: ["s"] } };

  it("[F145] [F147] [F148] [F151] [F152] the shape follows from what was registered, not from what was claimed", async () => {
    const bench = await contract([
      plugin("plain", PROVIDER, { providers: ["p"] }),
      plugin("claims", "", { providers: ["never"], ...SPEAKS }),
      plugin("hybrid", `${PROVIDER.replaceAll('"p"', '"q"')}${SPEECH}`, { providers: ["q"], ...SPEAKS }),
    ]);
    expect(await inspect(bench, "plain")).toMatchObject({
      shape: "plain-capability",
      capabilityMode: "plain",
      capabilityCount: 1,
      capabilities: [{ kind: "text-inference", ids: ["p"] }],
    });
    expect(await inspect(bench, "hybrid")).toMatchObject({
      shape: "hybrid-capability",
      capabilityMode: "hybrid",
      capabilities: [
        { kind: "text-inference", ids: ["q"] },
        { kind: "speech", ids: ["s"] },
      ],
    });
    expect(await inspect(bench, "claims")).toMatchObject({ capabilityCount: 0, capabilities: [] });
  });

  it("[F152] the record has what the export says of itself, and the settings with their schema", async () => {
    const configSchema = { type: "object", properties: { size: { type: "integer", default: 3 } } };
    const folder = await temporaryFolder();
    const told = await writePlugin(join(folder, "told"), "told", {
      files: {
        "index.mjs": `export default { id: "told", name: "Told", version: "1.2.3", description: "From the export.", register() {} };`,
      },
      manifest: {
        name: "Manifest",
        configSchema,
        uiHints: { size: { label: "Size" } },
        activation: { onStartup: false },
      },
    });
    const bench = await contract(plugin("probe", ""), {
      folder,
      config: { plugins: { load: { paths: [join(folder, "plugins", "probe"), told] } } },
    });
    for (const reads of [1, 2]) {
      expect([reads, (await inspect(bench, "told")).plugin]).toMatchObject([
        reads,
        {
          name: "Told",
          version: "1.2.3",
          description: "From the export.",
          configSchema: true,
          configJsonSchema: configSchema,
          configUiHints: { size: { label: "Size" } },
        },
      ]);
    }
  });

  it("[F149] [F150] plugins without a capability: hooks alone, or services and the like", async () => {
    const folder = await temporaryFolder();
    const hooks = await writePlugin(join(folder, "hooks"), "hooks", { register: HOOK });
    const bench = await contract(plugin("probe", `api.registerService({ id: "work", start() {} });`), {
      folder,
      config: { plugins: { load: { paths: [join(folder, "plugins", "probe"), hooks] } } },
    });
    expect(await inspect(bench, "probe")).toMatchObject({ shape: "non-capability", capabilityMode: "none" });
    expect(await inspect(bench, "hooks")).toMatchObject({
      shape: "hook-only",
      typedHooks: [{ name: "message_received", priority: 4 }],
      compatibility: { signal: "compatibility advisory" },
    });
  });

  it("[F153] [F154] [F155] [F156] [F146] each plugin carries the one signal that fits it", async () => {
    const folder = await temporaryFolder();
    const legacy = await writePlugin(join(folder, "legacy"), "legacy", {
      register: `api.on("before_agent_start", () => ({ prependContext: "old" }));`,
    });
    const bench = await contract(
      [plugin("probe", PROVIDER, { providers: ["p"] }), plugin("broken", `throw new Error("boom");`)],
      {
        folder,
        config: {
          plugins: {
            load: { paths: [...["probe", "broken"].map((id) => join(folder, "plugins", id)), legacy] },
          },
        },
      },
    );
    const signal = async (id: string) => (await inspect(bench, id)).compatibility.signal;
    expect([await signal("probe"), await signal("legacy"), await signal("broken")]).toEqual([
      "config valid",
      "legacy warning",
      "hard error",
    ]);
    const { compatibility, plugin: broken } = await inspect(bench, "broken");
    expect(compatibility.notices).toMatchObject([{ severity: "error" }]);
    expect(broken).toMatchObject({ error: expect.stringContaining("boom") });
    expect((await bench.refusal("plugins.inspect", { pluginId: "nobody" })).message).toContain("nobody");
  });
});

it("[F154] importing a wide part of the SDK is supported, and the report says so", async () => {
  const bench = await contract([
    {
      id: "wide",
      head: `import { loadConfig } from "openclaw/plugin-sdk/config-runtime"; import * as sdk from "openclaw/plugin-sdk";`,
      register: `void [loadConfig, sdk];`,
    },
    {
      id: "narrow",
      head: `import { jsonResult } from "openclaw/plugin-sdk/tool-results";`,
      register: `void jsonResult;`,
    },
  ]);
  const wide = await inspect(bench, "wide");
  expect(wide).toMatchObject({
    status: "loaded",
    compatibility: {
      signal: "compatibility advisory",
      notices: [
        {
          compatCode: "broad-sdk-barrels",
          severity: "info",
          message: expect.stringContaining("openclaw/plugin-sdk, openclaw/plugin-sdk/config-runtime"),
        },
      ],
    },
  });
  expect((await inspect(bench, "narrow")).compatibility).toEqual({ signal: "config valid", notices: [] });
});

describe("where a running gateway finds plugins", () => {
  it("[F159] [F160] [F194] every root, with who may run without being asked for", async () => {
    const folder = await temporaryFolder();
    const workspace = join(folder, "workspace");
    await writePlugin(join(folder, "state", "extensions", "dropped"), "dropped", { register: "" });
    await writePlugin(join(workspace, ".openclaw", "extensions", "local"), "local", {
      register: `globalThis.workspacePluginRan = true;`,
    });
    await writePlugin(join(folder, "state", "extensions", "denied"), "denied", {
      register: `globalThis.deniedPluginRan = true;`,
    });
    const { call } = await contract(plugin("probe", ""), {
      folder,
      config: {
        agents: { defaults: { workspace } },
        plugins: { deny: ["denied"], entries: { probe: { enabled: true } } },
      },
    });
    const { plugins } = await call("plugins.list");
    const row = (id: string) => plugins.find((one: { id: string }) => one.id === id);
    expect(row("probe")).toMatchObject({ origin: "config", status: "loaded" });
    expect(row("echo")).toMatchObject({ origin: "bundled", status: "loaded" });
    expect(row("dropped")).toMatchObject({ origin: "global", status: "loaded" });
    expect(row("local")).toMatchObject({ origin: "workspace", status: "disabled" });
    expect(row("denied")).toMatchObject({ status: "disabled" });
    const ran = globalThis as { workspacePluginRan?: boolean; deniedPluginRan?: boolean };
    expect([ran.workspacePluginRan, ran.deniedPluginRan]).toEqual([undefined, undefined]);
  });

  it("[F162] [F193] a content pack becomes a record; what it would execute is named and left alone", async () => {
    const folder = await temporaryFolder();
    const pack = join(folder, "state", "extensions", "pack");
    const ran = join(folder, "ran");
    for (const [name, text] of Object.entries({
      ".claude-plugin/plugin.json": `{"name":"claude-pack"}`,
      "skills/x/SKILL.md": "x",
      "hooks/hooks.json": `{"hooks":{"Start":"touch ${ran}"}}`,
      "index.js": `require("node:fs").writeFileSync(${JSON.stringify(ran)}, "");`,
    })) {
      await mkdir(join(pack, name, ".."), { recursive: true });
      await writeFile(join(pack, name), text);
    }
    const { call } = await contract(plugin("probe", ""), { folder });
    const { bundle, plugin: record } = await call("plugins.inspect", { pluginId: "claude-pack" });
    expect(record).toMatchObject({ id: "claude-pack", format: "bundle" });
    expect(bundle).toMatchObject({
      format: "claude",
      capabilities: ["skills"],
      notExecuted: ["hooks/hooks.json"],
    });
    await expect(rm(ran)).rejects.toThrow("ENOENT");
  });

  it("[F161] [F013] packaged JavaScript runs as it is, TypeScript sources and the older brand's names work too", async () => {
    const folder = await temporaryFolder();
    const source = await writePlugin(join(folder, "typed"), "typed", {
      package: { name: "typed", type: "module", openclaw: { extensions: ["./index.ts"] } },
      files: {
        "index.ts": `import { definePluginEntry } from "openclaw/plugin-sdk/plugin-entry";
          interface Answer { readonly from: string }
          export default definePluginEntry({ id: "typed", name: "Typed", register(api) {
            api.registerGatewayMethod("typed.ask", (): Answer => ({ from: "TypeScript" }), { scope: "operator.read" });
          } });`,
      },
    });
    const common = await writePlugin(join(folder, "common"), "common", {
      package: { name: "common", OmeniaClaw: { extensions: ["./index.cjs"] } },
      files: {
        "index.cjs": `const { jsonResult } = require("OmeniaClaw/plugin-sdk/tool-results");
          module.exports = { id: "common", register(api) {
            api.registerGatewayMethod("common.ask", () => ({ from: "CommonJS", result: jsonResult({ a: 1 }).details }), { scope: "operator.read" });
          } };`,
      },
    });
    const { call } = await contract(plugin("probe", ""), {
      folder,
      config: { plugins: { load: { paths: [source, common] } } },
      gateway: { importModule: importNatively },
    });
    expect(await call("typed.ask")).toEqual({ from: "TypeScript" });
    expect(await call("common.ask")).toEqual({ from: "CommonJS", result: { a: 1 } });
  });
});

describe("services of plugins in a running gateway", () => {
  it("[F079] start with the gateway, know their own folder, and stop when their plugin is turned off", async () => {
    const bench = await contract(
      plugin(
        "worker",
        `for (const id of ["one", "two"]) api.registerService({ id,
           async start(ctx) { globalThis.workerLog = [...(globalThis.workerLog ?? []), "start " + id]; seen.push({ id, stateDir: ctx.stateDir, workspaceDir: ctx.workspaceDir, note: ctx.config.session?.note }); },
           stop() { globalThis.workerLog.push("stop " + id); } });`,
      ),
      { config: { session: { note: "hello" } } },
    );
    const { call, stateDir } = bench;
    await expect.poll(() => bench.seen("worker")).toHaveLength(2);
    expect((await bench.seen("worker"))[0]).toEqual({
      id: "one",
      stateDir: join(stateDir, "plugins", "worker"),
      workspaceDir: join(stateDir, "workspace"),
      note: "hello",
    });
    const log = () => (globalThis as { workerLog?: string[] }).workerLog;
    expect(log()).toEqual(["start one", "start two"]);
    const { hash } = await call("config.get");
    const raw = JSON.stringify({ plugins: { entries: { worker: { enabled: false } } } });
    await call("config.patch", { raw, baseHash: hash });
    await expect.poll(log).toEqual(["start one", "start two", "stop two", "stop one"]);
  });

  it("[F079] hear of sessions that change while they run, and no longer", async () => {
    const bench = await contract(
      plugin(
        "worker",
        `const told = (globalThis.workerTold ??= []); let run = 0;
         api.registerService({ id: "watch", reload: { configPrefixes: ["session"] },
           start({ gatewayEvents, signal }) {
             const name = ++run;
             gatewayEvents.onSessionsChanged((event) => told.push([name, event.sessionKey, event.reason ?? event.phase, "session" in event]));
             signal.addEventListener("abort", () => told.push([name, "over"]));
           } });`,
      ),
    );
    const told = () => (globalThis as { workerTold?: unknown[] }).workerTold;
    await bench.call("sessions.patch", { key: "one", label: "First" });
    await expect.poll(told, PATIENT).toEqual([[1, "agent:main:one", "patch", false]]);
    const { hash } = await bench.call("config.get");
    const raw = JSON.stringify({ session: { note: "changed" } });
    await bench.call("config.patch", { raw, baseHash: hash });
    await expect.poll(() => told()?.length, PATIENT).toBe(2);
    await bench.call("sessions.delete", { key: "one" });
    await expect.poll(told, PATIENT).toEqual([
      [1, "agent:main:one", "patch", false],
      [1, "over"],
      [2, "agent:main:one", "delete", false],
    ]);
  });
});
