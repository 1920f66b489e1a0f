import { describe, expect, it } from "vitest";
import { withoutImportMeta } from "../../src/plugins/loading/mixed-modules.ts";
import { pluginBench } from "./support/plugin-bench.ts";

const ENABLED = { plugins: { entries: { a: { enabled: true } } } };

async function inspected(files: Record<string, string>, packageJson: Record<string, unknown> = {}) {
  const bench = await pluginBench(ENABLED);
  await bench.write("global", "a", {
    files,
    package: { name: "a", openclaw: { extensions: ["./index.js"] }, ...packageJson },
  });
  await bench.host.start();
  const inspection = await bench.host.inspect("a");
  return { ...bench, status: inspection?.status, error: inspection?.plugin.error, inspection };
}

const registering = (name: string) =>
  `register(api) { api.registerCommand({ name: ${name}, description: "d", handler() {} }); }`;

describe("code as published packages ship it", () => {
  it("finds the file of a relative import without its ending, and the index of a folder", async () => {
    const { status, inspection, error } = await inspected(
      {
        "index.js": `import { name } from "./src/name"; import { more } from "./src"; export default { id: "a", ${registering("name + more")} };`,
        "src/name.js": `export const name = "one";`,
        "src/index.mjs": `export { more } from "./deeper";`,
        "src/deeper.mjs": `export const more = "two";`,
      },
      { type: "module" },
    );
    expect(error).toBeUndefined();
    expect(status).toBe("loaded");
    expect(inspection?.commands).toEqual(["onetwo"]);
  });

  it("[F023] keeps the parts of a plugin in files of their own, each loaded for its purpose", async () => {
    const bench = await pluginBench({ plugins: { entries: { a: { enabled: true } } } });
    await bench.write("global", "a", {
      manifest: { channels: ["chat"], channelConfigs: { chat: { schema: { type: "object" } } } },
      package: {
        name: "a",
        type: "module",
        openclaw: { extensions: ["./index.js"], setupEntry: "./setup-entry.js" },
      },
      files: {
        "index.js": `import { channel } from "./api.js"; import { name } from "./runtime-api.js";
export default { id: "a", register(api) {
  api.registerChannel({ plugin: channel });
  api.registerCommand({ name, description: "d", handler() {} });
} };`,
        "api.js": `export const channel = { id: "chat", capabilities: { chatTypes: ["direct"] }, config: { listAccountIds: () => [], resolveAccount: () => ({}) } };`,
        "runtime-api.js": `globalThis.loadedRuntimeApi = (globalThis.loadedRuntimeApi ?? 0) + 1; export const name = "full";`,
        "setup-entry.js": `export { setup as default } from "./setup-api.js";`,
        "setup-api.js": `import { channel } from "./api.js"; export const setup = { plugin: channel };`,
      },
    });
    const loads = () => (globalThis as { loadedRuntimeApi?: number }).loadedRuntimeApi ?? 0;
    const light = bench.fresh({ mode: "setup-only" });
    await light.start();
    await light.activateRest();
    expect(
      light.registry
        .current()
        .ofPlugin("a")
        .map(({ kind }) => kind),
    ).toEqual(["channel"]);
    expect(loads()).toBe(0);
    await bench.host.start();
    expect(
      bench.host.registry
        .current()
        .ofPlugin("a")
        .map(({ kind }) => kind),
    ).toEqual(["channel", "command"]);
    expect(loads()).toBe(1);
  });

  it("still says what is missing when no ending fits", async () => {
    const { status, error } = await inspected(
      { "index.js": `import "./nowhere"; export default { register() {} };` },
      { type: "module" },
    );
    expect(status).toBe("error");
    expect(error).toContain("nowhere");
  });

  it("runs CommonJS files that use import.meta", async () => {
    const { error, inspection } = await inspected({
      "index.js": `"use strict"; const { name } = require("./src/version.js"); module.exports = { id: "a", ${registering("name")} };`,
      "src/version.js": `"use strict"; exports.name = require("node:path").basename(require("node:url").fileURLToPath(import.meta.url), ".js");`,
    });
    expect(error).toBeUndefined();
    expect(inspection?.commands).toEqual(["version"]);
  });

  it("runs ES modules whose bundler left require() calls in them", async () => {
    const { error, inspection } = await inspected(
      {
        "index.js": `const __require = ((x) => typeof require !== "undefined" ? require : x)(function (x) {
  if (typeof require !== "undefined") return require.apply(this, arguments);
  throw Error('Dynamic require of "' + x + '" is not supported');
});
import { jsonResult } from "openclaw/plugin-sdk/core";
const { basename } = __require("node:path");
const later = () => __require("node:path").basename;
export default { id: "a", ${registering(`basename("/x/" + typeof jsonResult) + typeof later() + typeof globalThis.require`)} };`,
      },
      { type: "module" },
    );
    expect(error).toBeUndefined();
    expect(inspection?.commands).toEqual(["functionfunctionundefined"]);
  });

  it("leaves files alone that one module style accepts", () => {
    expect(withoutImportMeta(`export const url = import.meta.url; const exports = 1;`)).toBeUndefined();
    expect(withoutImportMeta(`exports.text = "import.meta";`)).toBeUndefined();
    expect(withoutImportMeta(`exports.url = import.meta.url;`)).toContain("__filename");
  });

  it("says that install scripts never run when native code is not there, at the import as in register()", async () => {
    const places = `Could not locate the bindings file. Tried:\\n → /one.node\\n → /two.node`;
    const lacking = `throw new Error("${places}");`;
    for (const [index, native] of [
      [`import "./native.js"; export default { id: "a", register() {} };`, lacking],
      [
        `import { open } from "./native.js"; export default { id: "a", register: () => open() };`,
        `export function open() { ${lacking} }`,
      ],
      [
        `import { createRequire } from "node:module"; createRequire(import.meta.url)("core-linux-x64-gnu"); export default { id: "a", register() {} };`,
        "",
      ],
    ]) {
      const { error } = await inspected(
        { "index.js": index as string, "native.js": native as string },
        { type: "module" },
      );
      expect(error).toContain("run npm rebuild in the folder where the plugin is installed");
      expect(error).not.toContain("/one.node");
    }
  });

  it("links names of Node's modules that this Node lacks; using one says which Node has it", async () => {
    const { error, inspection } = await inspected(
      {
        "index.js": `import zlib, { zstdCompressSync, gzipSync } from "node:zlib";
export default { id: "a", register(api) {
  let said = "works";
  try { zstdCompressSync(Buffer.from("x")); } catch (error) { said = error.message; }
  api.registerCommand({ name: "zstd", description: said, handler() {} });
  if (zlib.gzipSync !== gzipSync) throw new Error("another module");
} };`,
      },
      { type: "module" },
    );
    expect(error).toBeUndefined();
    expect(inspection?.commands).toEqual(["zstd"]);
  });

  it("names the built-in module that this Node does not have at all", async () => {
    const { status, error } = await inspected(
      { "index.js": `import "node:not-invented-yet"; export default { register() {} };` },
      { type: "module" },
    );
    expect(status).toBe("error");
    expect(error).toMatch(/node:not-invented-yet.*newer Node/);
  });
});

describe("a plugin that is only looked at", () => {
  async function lookedAt(register: string, head = "") {
    const bench = await pluginBench(ENABLED, {
      runtimeFor: () => {
        throw new Error("the gateway was reached");
      },
    });
    await bench.write("global", "a", {
      files: { "index.mjs": `${head}\nexport default { id: "a", register(api) { ${register} } };` },
    });
    return { ...bench, inspection: await bench.host.inspect("a") };
  }

  it("may read the host's version and configuration and keep what it will call later", async () => {
    const { inspection } = await lookedAt(`
      const { version, channel, config } = api.runtime;
      if (!/^20\\d\\d\\.\\d+\\.\\d+$/.test(version)) throw new Error("no version of the contract");
      if (config.current().plugins.entries.a.enabled !== true) throw new Error("no configuration");
      const later = channel.inbound.dispatch;
      api.registerCommand({ name: "one", description: "d", handler() { return later(); } });
    `);
    expect(inspection?.plugin.error).toBeUndefined();
    expect(inspection?.commands).toEqual(["one"]);
  });

  it("may listen to what happens in the gateway, which is nothing", async () => {
    const { inspection } = await lookedAt(`
      const stops = [api.runtime.events.onAgentEvent(() => {}), api.runtime.events.onSessionTranscriptUpdate(() => {})];
      for (const stop of stops) stop();
      if (api.runtime.config.loadConfig().plugins.entries.a.enabled !== true) throw new Error("no configuration");
    `);
    expect(inspection?.plugin.error).toBeUndefined();
  });

  it("is told which call has to wait", async () => {
    const { inspection } = await lookedAt(`api.runtime.system.enqueueSystemEvent("now", {});`);
    expect(inspection).toMatchObject({ status: "error" });
    expect(inspection?.plugin.error).toContain("api.runtime.system.enqueueSystemEvent");
  });

  it("[F164] shows what it registers only in full, without effect", async () => {
    const { inspection, host } = await lookedAt(`
      if (api.registrationMode !== "full") return;
      api.on("message_received", () => {});
      api.registerService({ id: "s", start() { throw new Error("started"); } });
      api.emitAgentEvent({ runId: "r", stream: "a.x", data: {} });
    `);
    expect(inspection?.typedHooks).toEqual([{ name: "message_received", priority: 0 }]);
    expect(inspection?.services).toEqual(["s"]);
    expect(inspection?.diagnostics.map(({ code }) => code)).toContain("registers-only-in-full");
    expect(host.registry.current().ofPlugin("a")).toEqual([]);
  });

  it("leaves the runtime that its running copy keeps in place", async () => {
    const { host, fresh, inspection } = await lookedAt(
      `const first = store.tryGetRuntime() === null; store.setRuntime({ of: api.registrationMode });
       api.registerCommand({ name: first ? "first" : "later", description: store.getRuntime().of, handler() {} });`,
      `import { createPluginRuntimeStore } from "openclaw/plugin-sdk/runtime-store";
       const store = createPluginRuntimeStore({ pluginId: "looked-at-only" });`,
    );
    expect(inspection?.commands).toEqual(["first"]);
    expect((await host.inspect("a"))?.commands).toEqual(["first"]);
    const running = fresh();
    await running.start();
    expect((await running.inspect("a"))?.commands).toEqual(["first"]);
    expect((await host.inspect("a"))?.commands).toEqual(["later"]);
  });
});
