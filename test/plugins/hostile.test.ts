import { link, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ManualClock } from "../../src/kernel/manual-clock.ts";
import { IMPORT_LIMIT_MS } from "../../src/plugins/loading/import-entry.ts";
import { IMPORT_PATIENCE_MS } from "../../src/plugins/loading/load-turns.ts";
import { MAX_LABEL_LENGTH } from "../../src/plugins/loading/register-definition.ts";
import { type PluginBench, type PluginFiles, pluginBench } from "./support/plugin-bench.ts";

async function codes(bench: PluginBench, id: string): Promise<string[]> {
  const record = bench.host.records().find((candidate) => candidate.id === id);
  return record?.diagnostics.filter(({ level }) => level !== "info").map(({ code }) => code) ?? [];
}

const GOOD = `api.registerCommand({ name: "good", description: "d", handler: () => ({}) });`;

describe("a hostile zoo", () => {
  it("[F258] rolls back everything of a plugin whose register throws, and loads the others", async () => {
    const bench = await pluginBench();
    await bench.write("global", "a-bad", {
      register: `${GOOD.replace("good", "half")} api.lifecycle.onDispose(() => { globalThis.rolledBack = true; }); throw new Error("no");`,
    });
    await bench.write("global", "good", { register: GOOD });
    await bench.host.start();
    const generation = bench.host.registry.current();
    expect(generation.list("command").map(({ key }) => key)).toEqual(["good"]);
    expect((globalThis as { rolledBack?: boolean }).rolledBack).toBe(true);
    expect(await codes(bench, "a-bad")).toEqual(["register-failed"]);
  });

  it.each([
    ["throws at import", { files: { "index.mjs": `throw new Error("at import");` } }, "load-failed"],
    [
      "async register",
      { files: { "index.mjs": `export default { id: "x", async register() {} };` } },
      "register-async",
    ],
    ["no register", { files: { "index.mjs": `export default { id: "x" };` } }, "register-missing"],
    [
      "another id",
      { files: { "index.mjs": `export default { id: "y", register() {} };` } },
      "plugin-id-mismatch",
    ],
    ["a syntax error", { files: { "index.mjs": `export default {{;` } }, "load-failed"],
    ["a missing package", { files: { "index.mjs": `import "no-such-package";` } }, "load-failed"],
    [
      "no manifest schema",
      { manifest: { configSchema: undefined }, register: "" },
      "manifest-config-schema-missing",
    ],
    ["broken JSON5", { manifest: "{ id: ", register: "" }, "manifest-invalid"],
    ["a reserved id", { manifest: { id: "node-mcp" }, register: "" }, "manifest-id-reserved"],
    [
      "a huge manifest",
      { manifest: `{"id":"x","configSchema":{},"x":"${"x".repeat(262_144)}"}`, register: "" },
      "manifest-invalid",
    ],
    [
      "a deep manifest",
      { manifest: `{"id":"x","configSchema":${"[".repeat(100)}${"]".repeat(100)}}`, register: "" },
      "manifest-invalid",
    ],
    ["bad categories", { manifest: { categories: ["sorcery"] }, register: "" }, "manifest-invalid"],
    ["a removed method", { register: "api.registerHttpHandler(() => {});" }, "register-failed"],
    ["a nameless hook", { register: `api.registerHook("command:new", () => {});` }, "register-failed"],
    [
      "a wildcard matcher",
      { register: `api.on("before_tool_call", () => {}, { matcher: ["*"] });` },
      "register-failed",
    ],
    ["memory without the kind", { register: "api.registerMemoryCapability({});" }, "register-failed"],
    [
      "a module that never finishes",
      { files: { "index.mjs": "await new Promise(() => {});" }, patience: true },
      "load-failed",
    ],
    [
      "a module that pretends to be a promise",
      {
        files: { "index.mjs": "export function then() {} export default { register() {} };" },
        patience: true,
      },
      "load-failed",
    ],
    [
      "an id that throws",
      { files: { "index.mjs": `export default { get id() { throw new Error("no"); }, register() {} };` } },
      "load-failed",
    ],
    [
      "an id that is no text",
      { files: { "index.mjs": "export default { id: { toString() { throw 1; } }, register() {} };" } },
      "load-failed",
    ],
    ["a thrown object without a text", { register: "throw Object.create(null);" }, "register-failed"],
    [
      "a thrown proxy that throws",
      { register: "throw new Proxy({}, { get() { throw 1; }, getPrototypeOf() { throw 2; } });" },
      "load-failed",
    ],
    [
      "a register that returns a proxy that throws",
      { register: "return new Proxy({}, { get() { throw new Error('looked at'); } });" },
      "register-failed",
    ],
    ["a register that returns a thenable", { register: "return { then() {} };" }, "register-async"],
    [
      "registrations whose members throw",
      { register: "api.registerTool({ get name() { throw new Error('no'); } });" },
      "register-failed",
    ],
    [
      "names of a megabyte",
      {
        register: "api.registerCommand({ name: 'x'.repeat(1_000_000), description: 'd', handler() {} });",
        loads: true,
      },
      "registration-malformed",
    ],
    ["endless refused registrations", { register: "for (;;) api.registerTool({});" }, "register-failed"],
    [
      "a tool list that makes every check slow",
      {
        manifest: { contracts: { tools: Array.from({ length: 8_000 }, (_, index) => `tool_${index}`) } },
        register: `for (let i = 0; i < 4_100; i++) api.registerTool({ name: "tool_" + i, parameters: {}, execute: async () => ({}) });`,
      },
      "register-failed",
    ],
    [
      "factories that claim every name of the manifest",
      {
        manifest: { contracts: { tools: Array.from({ length: 8_000 }, (_, index) => `tool_${index}`) } },
        register: "for (let i = 0; i < 100; i++) api.registerTool(() => undefined);",
      },
      "register-failed",
    ],
    [
      "bytes that are no text in its manifest",
      { manifest: '{"id":"x\ufffd\ufffd","configSchema":{}}', register: "" },
      "plugin-id-mismatch",
    ],
    [
      "ten thousand tools",
      {
        manifest: { contracts: { tools: ["t"] } },
        register: `for (let i = 0; i < 10_000; i++) api.registerTool({ name: "t", parameters: {}, execute: async () => ({}) });`,
      },
      "register-failed",
    ],
  ] as readonly [string, PluginFiles & { patience?: true; loads?: true }, string][])(
    "[F244] [F258] refuses a plugin with %s",
    async (_what, files, code) => {
      const bench = await pluginBench();
      await bench.write("global", "x", files);
      const marks = globalThis as { goodOnes?: number };
      marks.goodOnes = 0;
      await bench.write("global", "good", { register: `${GOOD} globalThis.goodOnes += 1;` });
      const starting = bench.host.start();
      if (files.patience) {
        // Before that the timers may be those of the good one's import.
        await expect.poll(() => marks.goodOnes, { timeout: 30_000 }).toBe(1);
        await expect.poll(() => bench.clock.armed, { timeout: 30_000 }).toBe(2);
        await bench.clock.advance(IMPORT_PATIENCE_MS);
        await starting;
        await bench.clock.advance(IMPORT_LIMIT_MS - IMPORT_PATIENCE_MS);
        await bench.host.arrived(["x"]);
      }
      await starting;
      const bad = bench.host.records().find(({ id }) => id !== "good");
      expect(bad?.status).toBe(files.loads ? "loaded" : "error");
      expect(bad?.diagnostics.map((diagnostic) => diagnostic.code)).toContain(code);
      expect(bench.host.registry.current().get("command", "good")?.pluginId).toBe("good");
    },
  );

  it("reads manifests with a byte order mark and with carriage returns", async () => {
    const bench = await pluginBench();
    await bench.write("global", "windows", {
      manifest:
        '\ufeff{\r\n  "id": "windows",\r\n  "configSchema": {},\r\n  "activation": { "onStartup": true }\r\n}\r\n',
      register: GOOD,
    });
    await bench.host.start();
    expect(bench.host.records()).toMatchObject([{ id: "windows", status: "loaded", diagnostics: [] }]);
  });

  it("takes what a definition says of itself only when it is text of a sane length", async () => {
    const bench = await pluginBench();
    await bench.write("global", "loud", {
      files: {
        "index.mjs": `export default { name: "n".repeat(1_000_000), version: 7, description: {}, register() {} };`,
      },
    });
    await bench.host.start();
    const [record] = bench.host.records();
    expect(record?.name).toHaveLength(MAX_LABEL_LENGTH);
    expect(record?.version).toBeUndefined();
    expect(record?.description).toBeUndefined();
  });

  it("an object kept after unloading can do nothing any more", async () => {
    const bench = await pluginBench();
    await bench.write("global", "stale", {
      register: `globalThis.staleApi ??= api; api.registerCommand({ name: "fresh", description: "d", handler: () => ({}) });`,
    });
    await bench.host.start();
    await bench.host.reload("stale");
    const { staleApi } = globalThis as unknown as { staleApi: { registerCommand(command: object): unknown } };
    staleApi.registerCommand({ name: "revenant", description: "d", handler: () => ({}) });
    expect(
      bench.host.registry
        .current()
        .list("command")
        .map(({ key }) => key),
    ).toEqual(["fresh"]);
    bench.config.set({ plugins: { entries: { stale: { enabled: false } } } });
    await bench.host.applyConfig();
    staleApi.registerCommand({ name: "revenant", description: "d", handler: () => ({}) });
    expect(bench.host.registry.current().list("command")).toEqual([]);
  });

  it("does not let one hook's changes of an event reach another hook or the gateway", async () => {
    const bench = await pluginBench();
    await bench.write("global", "vandal", {
      register: `
        for (const hook of ["message_received", "message_sending"]) api.on(hook, (event, context) => {
          event.content = "changed"; if (event.metadata) event.metadata.nested.word = "changed"; context.channelId = "changed";
        }, { priority: 10 });`,
    });
    await bench.write("global", "witness", {
      register: `
        globalThis.witnessed = [];
        for (const hook of ["message_received", "message_sending"])
          api.on(hook, (event, context) => void globalThis.witnessed.push([event.content, event.metadata.nested.word, context.channelId]));`,
    });
    await bench.host.start();
    for (const hook of ["message_received", "message_sending"]) {
      const event = { from: "a", to: "b", content: "as sent", metadata: { nested: { word: "as sent" } } };
      const context = { channelId: "chat" };
      await bench.host.hooks.run(hook, event, context);
      expect([event.content, event.metadata.nested.word, context.channelId]).toEqual([
        "as sent",
        "as sent",
        "chat",
      ]);
    }
    expect((globalThis as unknown as { witnessed: unknown }).witnessed).toEqual([
      ["as sent", "as sent", "chat"],
      ["as sent", "as sent", "chat"],
    ]);
  });

  it("orders hooks by priorities that are numbers; nonsense counts as none, endless time as the default", async () => {
    const bench = await pluginBench();
    const on = (name: string, options: string) =>
      `api.on("message_received", () => { globalThis.hookOrder.push("${name}"); }, ${options});`;
    await bench.write("global", "ranks", {
      register: `${on("last", "{ priority: -5 }")} ${on("none", "{ priority: NaN }")} ${on("text", '{ priority: "99" }')}
        ${on("endless", "{ priority: Infinity, timeoutMs: Infinity }")} ${on("first", "{ priority: 3, timeoutMs: -1 }")}`,
    });
    const hookOrder: string[] = [];
    Object.assign(globalThis, { hookOrder });
    await bench.host.start();
    await bench.host.hooks.run("message_received", { from: "a", content: "b" }, { channelId: "c" });
    expect(hookOrder).toEqual(["first", "none", "text", "endless", "last"]);
  });

  it("contains a plugin that fails later: rejects after register, throws in a timer's hook, never answers", async () => {
    const bench = await pluginBench();
    await bench.write("global", "late", {
      register: `
        api.on("message_received", () => { throw new Error("in a hook"); });
        api.on("message_sent", () => new Promise(() => {}), { timeoutMs: 50 });
        api.registerService({ id: "late", start: () => Promise.reject(new Error("no start")), stop: () => new Promise(() => {}) });`,
    });
    await bench.host.start();
    await bench.host.startServices();
    await bench.host.hooks.run("message_received", { from: "a", content: "b" }, { channelId: "c" });
    const sent = bench.host.hooks.run(
      "message_sent",
      { to: "a", content: "b", success: true },
      { channelId: "c" },
    );
    await bench.clock.advance(0);
    await bench.clock.advance(60);
    await sent;
    expect(await codes(bench, "late")).toEqual(["service-failed"]);
    const closing = bench.host.dispose();
    await expect.poll(() => bench.clock.armed).toBe(1);
    await bench.clock.advance(5_001);
    await closing;
  });

  it("a service that never finishes starting holds nobody up and is still stopped", async () => {
    const bench = await pluginBench();
    await bench.write("global", "slow", {
      register: `api.registerService({ id: "slow", start: () => new Promise(() => {}), stop() { globalThis.slowStopped = true; } });`,
    });
    await bench.host.start();
    const starting = bench.host.startServices();
    await bench.clock.advance(5_000);
    await starting;
    expect(await codes(bench, "slow")).toEqual(["service-failed"]);
    await bench.host.dispose();
    expect((globalThis as { slowStopped?: boolean }).slowStopped).toBe(true);
  });

  it("names a plugin that holds the event loop", async () => {
    const clock = new ManualClock();
    let now = 0;
    clock.monotonic = () => now;
    const bench = await pluginBench({}, { clock });
    await bench.write("global", "hog", {
      register: `api.registerGatewayMethod("hog.work", () => { globalThis.hogTime(); return 1; });`,
    });
    Object.assign(globalThis, {
      hogTime() {
        now += 400;
      },
    });
    await bench.host.start();
    const method = bench.host.registry
      .current()
      .get<{ handler(context: object): unknown }>("gatewayMethod", "hog.work");
    expect(method?.value.handler({})).toBe(1);
    expect(await codes(bench, "hog")).toEqual(["event-loop-held"]);
  });

  it("[F244] drops prototype keys from manifests and leaves Object.prototype alone", async () => {
    const bench = await pluginBench();
    await bench.write("global", "proto", {
      manifest: `{"id":"proto","configSchema":{"type":"object"},"activation":{"onStartup":true},"__proto__":{"polluted":true},
        "channelConfigs":{"__proto__":{"schema":{}},"constructor":{"schema":{}},"ok":{"schema":{"type":"object"}}},"channels":["ok"]}`,
      register: GOOD,
    });
    await bench.host.start();
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    const known = (await bench.host.snapshot()).find("proto");
    expect(Object.keys(known?.candidate.manifest?.channelConfigs ?? {})).toEqual(["ok"]);
  });

  it("a cyclic config schema neither hangs nor fails the gateway", async () => {
    const bench = await pluginBench({ plugins: { entries: { loop: { config: { next: { next: {} } } } } } });
    await bench.write("global", "loop", {
      manifest: {
        configSchema: {
          $ref: "#/definitions/node",
          definitions: { node: { type: "object", properties: { next: { $ref: "#/definitions/node" } } } },
        },
      },
      register: GOOD,
    });
    await bench.write("global", "self", {
      manifest: { configSchema: { $ref: "#" } },
      register: GOOD.replace("good", "other"),
    });
    await bench.host.start();
    expect(bench.host.records().map(({ id, status }) => [id, status])).toEqual([
      ["loop", "loaded"],
      ["self", "loaded"],
    ]);
  });

  it("[F253] blocks entries that leave the folder, world-writable folders and hard links before running code", async () => {
    const bench = await pluginBench();
    const outside = join(bench.root, "outside.mjs");
    await writeFile(outside, "globalThis.escaped = true; export default { register() {} };");
    const escaping = await bench.write("global", "escaping", {});
    await symlink(outside, join(escaping, "index.mjs"));
    const linked = await bench.write("global", "linked", {});
    await link(outside, join(linked, "index.mjs"));
    const open = await bench.write("global", "open", { register: "globalThis.escaped = true;" });
    await (await import("node:fs/promises")).chmod(open, 0o777);
    await bench.host.start();
    const found = bench.host
      .records()
      .map(({ id, status, diagnostics }) => [id, status, diagnostics[0]?.code]);
    expect(found).toEqual([
      ["escaping", "error", "source-escapes-root"],
      ["linked", "error", "entry-unsafe-path"],
      ["open", "error", "path-world-writable"],
    ]);
    expect((globalThis as { escaped?: boolean }).escaped).toBeUndefined();
  });

  it("[F252] lists a package with an empty list of entries, and loads nothing of it", async () => {
    const bench = await pluginBench();
    await bench.write("global", "empty", {
      package: { name: "empty", openclaw: { extensions: [] } },
      files: { "index.mjs": "globalThis.emptyRan = true; export default { register() {} };" },
    });
    await bench.host.start();
    await bench.host.activate({ kind: "capability", capability: "tool" });
    expect(bench.host.records()).toMatchObject([
      { id: "empty", status: "error", error: expect.stringContaining('an empty "openclaw.extensions"') },
    ]);
    expect((globalThis as { emptyRan?: boolean }).emptyRan).toBeUndefined();
  });

  it("[F253] blocks an entry that is named outside the folder, whether or not anything is there", async () => {
    const bench = await pluginBench();
    for (const [id, entry] of [
      ["absolute", join(bench.root, "outside.mjs")],
      ["climbing", "./sub/../../outside.mjs"],
      ["nowhere", "../gone.mjs"],
    ] as const) {
      await bench.write("global", id, { package: { name: id, openclaw: { extensions: [entry] } } });
    }
    await bench.host.start();
    const found = bench.host
      .records()
      .map(({ id, status, diagnostics: [first] }) => [id, status, first?.code]);
    expect(found).toEqual([
      ["absolute", "error", "source-escapes-root"],
      ["climbing", "error", "source-escapes-root"],
      ["nowhere", "error", "source-escapes-root"],
    ]);
    expect(bench.host.records()[2]?.diagnostics[0]?.message).toContain("the entry ../gone.mjs leads out of");
  });

  it("[F252] takes neither declarations nor tests as entries, and says so", async () => {
    const bench = await pluginBench();
    for (const [id, name] of [
      ["declared", "index.d.ts"],
      ["tested", "index.test.ts"],
      ["worded", "index.json"],
    ] as const) {
      const files = { [name]: "export default { register() {} };" };
      await bench.write("global", id, {
        package: { name: id, openclaw: { extensions: [`./${name}`] } },
        files,
      });
    }
    await bench.host.start();
    for (const { status, diagnostics } of bench.host.records()) {
      expect([status, diagnostics[0]?.code]).toEqual(["error", "entry-missing"]);
      expect(diagnostics[0]?.message).toContain("can not be one");
    }
    expect(bench.host.records()).toHaveLength(3);
  });

  it("[F253] refuses a manifest that is a link out of the folder or a hard link", async () => {
    const bench = await pluginBench();
    const outside = join(bench.root, "manifest.json");
    await writeFile(
      outside,
      JSON.stringify({ id: "soft", configSchema: {}, activation: { onStartup: true } }),
    );
    const soft = join(bench.root, "global", "soft");
    await mkdir(soft, { recursive: true });
    await symlink(outside, join(soft, "openclaw.plugin.json"));
    await writeFile(join(soft, "index.mjs"), "export default { register() {} };");
    await bench.host.start();
    expect(bench.host.records()).toMatchObject([
      { status: "error", diagnostics: [{ code: "entry-unsafe-path" }] },
    ]);
  });

  it("[F254] the same id twice: the configured folder wins, the other is named in a warning", async () => {
    const bench = await pluginBench();
    await bench.write("extra", "twin", { register: GOOD });
    await bench.write("global", "twin", { register: GOOD.replace("good", "loser") });
    bench.config.set({ plugins: { load: { paths: [join(bench.root, "extra", "twin")] } } });
    await bench.host.start();
    expect(bench.host.records()).toMatchObject([{ id: "twin", origin: "config" }]);
    expect(
      bench.host.registry
        .current()
        .list("command")
        .map(({ key }) => key),
    ).toEqual(["good"]);
    expect(bench.host.diagnostics().map(({ code }) => code)).toContain("duplicate-plugin-id");
  });

  it("[F254] ids that differ only by case refuse each other", async () => {
    const bench = await pluginBench();
    await bench.write("global", "twin", { register: GOOD });
    await bench.write("global", "Twin2", { manifest: { id: "TWIN" }, register: GOOD });
    await bench.host.start();
    expect(bench.host.records()).toMatchObject([
      { status: "error", diagnostics: [{ code: "colliding-plugin-ids" }] },
    ]);
    const [record] = bench.host.records();
    expect(record?.error).toMatch(/twin \(.*twin\), TWIN \(.*Twin2\)|TWIN \(.*Twin2\), twin \(.*twin\)/);
    // Nobody is told that one of them is used.
    expect(bench.host.diagnostics().map(({ code }) => code)).not.toContain("duplicate-plugin-id");
  });
});
