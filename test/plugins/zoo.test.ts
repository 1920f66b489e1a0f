import { execFileSync } from "node:child_process";
import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { SCHEMA_LIMIT_MS } from "../../src/plugins/config/plugin-config.ts";
import { MAX_DEFAULT_STEPS } from "../../src/plugins/config/schema-defaults.ts";
import { MAX_DIAGNOSTIC_LENGTH } from "../../src/plugins/diagnostic-text.ts";
import { MAX_JSON5_LENGTH_HERE } from "../../src/plugins/manifest/parse-text.ts";
import {
  MAX_NAME_LENGTH,
  MAX_NAMES_PER_PLUGIN,
  MAX_REGISTRATIONS_PER_PLUGIN,
} from "../../src/plugins/registry/draft.ts";
import { type PluginBench, type PluginFiles, pluginBench } from "./support/plugin-bench.ts";

const GOOD = `api.registerCommand({ name: "good", description: "d", handler: () => ({}) });`;
const PROXY = `new Proxy({ type: "object" }, { get() { throw new Error("no"); }, ownKeys() { throw new Error("no"); } })`;

function commands({ host }: PluginBench): readonly string[] {
  return host.registry
    .current()
    .list("command")
    .map(({ key }) => key);
}

/** Loads one plugin beside a good one and says how it is. */
async function beside(files: PluginFiles, config: Record<string, unknown> = {}) {
  const bench = await pluginBench(config);
  await bench.write("global", "x", files);
  await bench.write("global", "y-good", { register: GOOD });
  await bench.host.start();
  expect(commands(bench)).toContain("good");
  const record = bench.host.records().find(({ id }) => id !== "y-good");
  return { bench, record, codes: record?.diagnostics.map(({ code }) => code) ?? [] };
}

const settings = (config: object) => ({ plugins: { entries: { x: { enabled: true, config } } } });

/** `{ $ref: d0 }`, where every definition asks for the next one twice. */
function doubling(keyword: string, levels = 40) {
  const definitions: Record<string, object> = { [`d${levels}`]: { type: "string" } };
  for (let level = 0; level < levels; level++) {
    const next = { $ref: `#/definitions/d${level + 1}` };
    definitions[`d${level}`] = { [keyword]: [next, next] };
  }
  return { $ref: "#/definitions/d0", definitions };
}

describe("a hostile zoo: what lies in the folder", () => {
  it.each([
    ["asks for itself twice", { allOf: [{ $ref: "#" }, { $ref: "#" }] }, {}],
    ["doubles forty times", doubling("allOf"), {}],
    ["doubles its choices forty times", doubling("anyOf"), { a: 1 }],
    [
      "has a pattern that backtracks for ever",
      { type: "object", properties: { a: { type: "string", pattern: "^(a+)+$" } } },
      { a: `${"a".repeat(60)}!` },
    ],
  ])("[F258] refuses settings whose schema %s, in bounded time", async (_what, configSchema, config) => {
    const started = process.cpuUsage();
    const { record, codes } = await beside({ manifest: { configSchema }, register: "" }, settings(config));
    expect(record?.status).toBe("error");
    expect(codes).toContain("config-invalid");
    expect(process.cpuUsage(started).user / 1_000).toBeLessThan(SCHEMA_LIMIT_MS * 8);
  });

  it("fills in defaults of a schema as large as manifests may be", async () => {
    const properties = Object.fromEntries(
      Array.from({ length: MAX_DEFAULT_STEPS / 4 }, (_, index) => [`p${index}`, { default: 1 }]),
    );
    const { record } = await beside({
      manifest: { configSchema: { type: "object", properties } },
      register: "",
    });
    expect(record?.status).toBe("loaded");
  });

  it.each([
    ["short", 10],
    ["long", MAX_JSON5_LENGTH_HERE],
  ])("[F244] reads a %s manifest with comments and trailing commas", async (_what, length) => {
    const manifest = `// a comment
      { id: 'x', configSchema: { type: "object", }, activation: { onStartup: true }, __proto__: { polluted: true },
        name: "with \\u0022quotes\\u0022", filler: "${"x".repeat(length)}", }`;
    const { record } = await beside({ manifest, register: "" });
    expect(record).toMatchObject({ id: "x", name: 'with "quotes"', status: "loaded", diagnostics: [] });
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it.each([
    ["brackets without end", "[".repeat(200_000)],
    ["nesting that only a stack could follow", `{a:${"[".repeat(100_000)}${"]".repeat(100_000)}}`],
    ["plain JSON nested too deep", `{"id":"x","configSchema":${"[".repeat(100_000)}${"]".repeat(100_000)}}`],
    ["a text that never ends", `{ id: 'x', configSchema: {}, filler: '${"x".repeat(200_000)}`],
  ])("[F244] refuses a manifest of %s", async (_what, manifest) => {
    const { record, codes } = await beside({ manifest, register: "" });
    expect(record?.status).toBe("error");
    expect(codes).toContain("manifest-invalid");
  });

  it("[F244] refuses a manifest that is not text in UTF-8", async () => {
    const bench = await pluginBench();
    const folder = await bench.write("global", "x", { register: GOOD });
    const bytes = Buffer.from('{"id":"x?","configSchema":{},"activation":{"onStartup":true}}');
    bytes[8] = 0xff;
    await writeFile(join(folder, "openclaw.plugin.json"), bytes);
    await bench.host.start();
    expect(bench.host.records()).toMatchObject([
      {
        status: "error",
        diagnostics: [{ code: "manifest-invalid", message: expect.stringContaining("UTF-8") }],
      },
    ]);
  });

  it.each([
    ["a pipe as its manifest", "openclaw.plugin.json"],
    ["a pipe as its entry", "index.mjs"],
  ])("[F253] refuses %s without waiting for it", async (_what, name) => {
    const bench = await pluginBench();
    const folder = await bench.write("global", "x", name === "index.mjs" ? {} : { register: "" });
    await rm(join(folder, name), { force: true });
    execFileSync("mkfifo", [join(folder, name)]);
    await bench.host.start();
    expect(bench.host.records()).toMatchObject([
      { status: "error", diagnostics: [{ code: "entry-unsafe-path" }] },
    ]);
  });

  it("[F253] refuses a device behind a link as manifest or entry", async () => {
    const bench = await pluginBench();
    const manifest = join(bench.root, "global", "manifest");
    await mkdir(manifest, { recursive: true });
    await symlink("/dev/zero", join(manifest, "openclaw.plugin.json"));
    await writeFile(join(manifest, "index.mjs"), "export default { register() {} };");
    const entry = await bench.write("global", "entry", {});
    await symlink("/dev/zero", join(entry, "index.mjs"));
    await bench.host.start();
    const found = bench.host.records().map(({ status, diagnostics }) => [status, diagnostics[0]?.code]);
    expect(found).toEqual([
      ["error", "entry-unsafe-path"],
      ["error", "entry-unsafe-path"],
    ]);
  });

  it("[F253] takes a manifest and an entry that are links within the folder", async () => {
    const bench = await pluginBench();
    const folder = await bench.write("global", "x", {
      files: { "real.mjs": "export default { register() {} };" },
    });
    await symlink(join(folder, "real.mjs"), join(folder, "index.mjs"));
    await bench.host.start();
    expect(bench.host.records()).toMatchObject([{ status: "loaded", diagnostics: [] }]);
  });
});

describe("a hostile zoo: what it registers", () => {
  it.each([
    ["hooks", 'api.on("message_received", () => {});'],
    ["routes", 'api.registerHttpRoute({ path: "/x/" + i, auth: "plugin", handler() {} });'],
    ["commands", 'api.registerCommand({ name: "c" + i, description: "d", handler() {} });'],
    ["services", 'api.registerService({ id: "s" + i, start() {} });'],
    ["gateway methods", 'api.registerGatewayMethod("x.m" + i, () => ({}));'],
    ["legacy hooks", 'api.registerHook("command:new", () => {}, { name: "h" + i });'],
  ])("[F258] refuses ten thousand %s", async (_what, call) => {
    const { bench, record, codes } = await beside({
      register: `for (let i = 0; i < 10_000; i++) { ${call} }`,
    });
    expect(record?.status).toBe("error");
    expect(codes).toContain("register-failed");
    expect(bench.host.registry.current().ofPlugin("x")).toEqual([]);
  });

  it("takes as many contributions as are allowed, and a name as long as is allowed", async () => {
    const { bench, record } = await beside({
      register: `for (let i = 0; i < ${MAX_REGISTRATIONS_PER_PLUGIN}; i++)
        api.registerCommand({ name: "c" + String(i).padEnd(${MAX_NAME_LENGTH - 1}, "x").slice(0, i ? 20 : undefined), description: "d", handler() {} });`,
    });
    expect(record).toMatchObject({ status: "loaded" });
    expect(MAX_NAMES_PER_PLUGIN).toBeGreaterThanOrEqual(MAX_REGISTRATIONS_PER_PLUGIN);
    expect(bench.host.registry.current().ofPlugin("x").length).toBe(MAX_REGISTRATIONS_PER_PLUGIN);
  });

  it.each([
    ["a line break", "look\\nhere"],
    ["an escape sequence", "look\\u001b[2J"],
    ["a zero", "look\\u0000"],
    ["turned writing direction", "look\\u202ekool"],
  ])("refuses a tool whose name holds %s", async (_what, name) => {
    const { bench, codes } = await beside({
      register: `api.registerTool({ name: "${name}", parameters: {}, execute: async () => ({}) });`,
    });
    expect(codes).toContain("registration-malformed");
    expect(bench.host.registry.current().list("tool")).toEqual([]);
  });

  it("refuses an id that holds control characters", async () => {
    const { record } = await beside({ manifest: { id: "x\u001b[31m" }, register: "" });
    expect(record).toMatchObject({ status: "error", diagnostics: [{ code: "manifest-invalid" }] });
  });

  it.each([
    ["a proxy that throws", PROXY],
    ["a getter that throws", `{ type: "object", get properties() { throw new Error("no"); } }`],
    ["itself inside itself", "(() => { const loop = {}; loop.loop = loop; return loop; })()"],
    ["a text of a megabyte", `{ type: "object", description: "x".repeat(1_000_000) }`],
    ["a number of endless size", `{ type: "object", maximum: 1n }`],
  ])("refuses a tool whose parameters are %s", async (_what, parameters) => {
    const { bench, codes } = await beside({
      register: `api.registerTool({ name: "look", parameters: ${parameters}, execute: async () => ({}) });`,
    });
    expect(codes).toContain("registration-malformed");
    expect(bench.host.registry.current().list("tool")).toEqual([]);
  });

  it.each([
    ["its default export is a proxy that throws", `export default ${PROXY};`, "load-failed"],
    [
      "register is a getter that throws",
      `export default { get register() { throw new Error("no"); } };`,
      "load-failed",
    ],
    ["register is a class", "export default { register: class {} };", "register-failed"],
    ["it exports a list", "export default [];", "register-missing"],
    ["it exports a promise", "export default Promise.resolve({ register() {} });", "register-missing"],
    [
      "register calls itself without end",
      "export default { register(api) { this.register(api); } };",
      "register-failed",
    ],
  ])("[F258] refuses a plugin when %s", async (_what, source, code) => {
    const { record, codes } = await beside({ files: { "index.mjs": source } });
    expect(record?.status).toBe("error");
    expect(codes).toContain(code);
  });

  it("names what a plugin registers twice when it calls its own register again", async () => {
    const { bench, codes } = await beside({
      files: {
        "index.mjs": `export default { n: 0, register(api) {
          api.registerCommand({ name: "once", description: "d", handler() {} });
          if (this.n++ === 0) this.register(api);
        } };`,
      },
    });
    expect(codes).toEqual(["registration-duplicate"]);
    expect(commands(bench)).toEqual(["once", "good"]);
  });

  it("bounds what a plugin says when it fails, and lets none of it steer a terminal", async () => {
    const { record } = await beside({
      register: `throw new Error("\\u001b[2J\\u009b31m" + "x".repeat(10_000_000));`,
    });
    const message = record?.diagnostics.find(({ code }) => code === "register-failed")?.message ?? "";
    expect(message.length).toBe(MAX_DIAGNOSTIC_LENGTH);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
    expect(`${message}${record?.error}`).not.toMatch(/[\u0000-\u001f\u0080-\u009f]/);
  });

  it("shows names and descriptions of manifests without control characters", async () => {
    const { record } = await beside({
      manifest: { name: "\u001b[31mred", description: `\u001b]0;title\u0007${"d".repeat(10_000)}` },
      register: "",
    });
    expect(record?.name).toBe("\ufffd[31mred");
    expect(record?.description).toMatch(/^\ufffd\]0;title\ufffdd+$/);
    expect(record?.description?.length).toBeLessThanOrEqual(1_024);
  });
});

describe("a hostile zoo: what its hooks do", () => {
  it("a synchronous hook changes the message only by what it returns, at that moment", async () => {
    const bench = await pluginBench();
    await bench.write("global", "vandal", {
      register: `
        api.on("before_message_write", (event, context) => {
          event.message.text = "vandalised"; event.message.parts.push("more"); context.sessionKey = "other";
        }, { priority: 10 });
        api.on("before_message_write", (event) => {
          const message = { ...event.message, text: event.message.text + "!", parts: ["kept"] };
          globalThis.vandalKeeps = message;
          return { message };
        }, { priority: 5 });`,
    });
    await bench.host.start();
    const event = { message: { text: "as written", parts: ["one"] } };
    const context = { sessionKey: "main" };
    const result = bench.host.hooks.runSync<{ message: { text: string; parts: string[] } }>(
      "before_message_write",
      event,
      context,
    );
    expect(event).toEqual({ message: { text: "as written", parts: ["one"] } });
    expect(context).toEqual({ sessionKey: "main" });
    (globalThis as unknown as { vandalKeeps: { text: string } }).vandalKeeps.text = "too late";
    expect(result).toEqual({ message: { text: "as written!", parts: ["kept"] } });
  });
});
