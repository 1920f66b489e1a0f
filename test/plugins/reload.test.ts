import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PluginCommand } from "../../src/contracts/registrations.ts";
import { CLEANUP_LIMIT_MS } from "../../src/plugins/loading/instance.ts";
import { contents, pluginBench } from "./support/plugin-bench.ts";

const COMMAND = (name: string, text = name) =>
  `api.registerCommand({ name: "${name}", description: "d", handler: () => ({ text: "${text}" }) });`;

describe("reload and unload", () => {
  it("[F260] replaces one plugin's entries and leaves every other entry identical", async () => {
    const bench = await pluginBench();
    const folder = await bench.write("global", "alpha", { register: COMMAND("alpha", "old") });
    await bench.write("global", "beta", { register: COMMAND("beta") });
    await bench.host.start();
    const before = bench.host.registry.current();
    const oldCommand = before.get<PluginCommand>("command", "alpha");
    await writeFile(
      join(folder, "index.mjs"),
      `export default { id: "alpha", register(api) { ${COMMAND("alpha", "new")} } };`,
    );
    await bench.host.reload("alpha");
    const after = bench.host.registry.current();
    expect(after.get<PluginCommand>("command", "alpha")?.value.handler({} as never)).toEqual({ text: "new" });
    expect(after.get("command", "beta")).toBe(before.get("command", "beta"));
    expect(() => oldCommand?.value.handler({} as never)).toThrow(/reloaded or disabled/);
  });

  it("[F260] reads changed helper files of the plugin anew, not only the entry", async () => {
    const bench = await pluginBench();
    const folder = await bench.write("global", "alpha", {
      files: {
        "index.mjs": `import { word } from "./word.mjs"; export default { id: "alpha", register(api) {
          api.registerCommand({ name: "alpha", description: "d", handler: () => ({ text: word }) }); } };`,
        "word.mjs": `export const word = "old";`,
      },
    });
    await bench.host.start();
    await writeFile(join(folder, "word.mjs"), `export const word = "new";`);
    await bench.host.reload("alpha");
    const command = bench.host.registry.current().get<PluginCommand>("command", "alpha")?.value;
    expect(command?.handler({} as never)).toEqual({ text: "new" });
  });

  it("[F260] refuses a reload with code that cannot be parsed, whatever Node remembers of the file", async () => {
    const bench = await pluginBench();
    const folder = await bench.write("global", "alpha", { register: COMMAND("alpha", "old") });
    await bench.host.start();
    for (const broken of ["export default { id: 'alpha', register(api) { if ( } };", "export default {"]) {
      await writeFile(join(folder, "index.mjs"), broken);
      await expect(bench.host.reload("alpha")).rejects.toMatchObject({
        message: expect.stringContaining(join(folder, "index.mjs")),
      });
    }
  });

  it("[F260] a failing reload leaves the old instance serving and says why", async () => {
    const bench = await pluginBench();
    const folder = await bench.write("global", "alpha", { register: COMMAND("alpha", "old") });
    await bench.host.start();
    const before = bench.host.registry.current();
    await writeFile(
      join(folder, "index.mjs"),
      `export default { id: "alpha", register() { throw new Error("boom"); } };`,
    );
    await expect(bench.host.reload("alpha")).rejects.toThrow("boom");
    expect(bench.host.registry.current().get("command", "alpha")).toBe(before.get("command", "alpha"));
    const command = bench.host.registry.current().get<PluginCommand>("command", "alpha")?.value;
    expect(command?.handler({} as never)).toEqual({ text: "old" });
    const [record] = bench.host.records();
    expect(record?.status).toBe("loaded");
    expect(record?.diagnostics.map(({ code }) => code)).toContain("reload-failed");
  });

  it("[F260] waits for calls in flight, at most a minute, and aborts the plugin's signal", async () => {
    const bench = await pluginBench();
    await bench.write("global", "slow", {
      register: `api.registerGatewayMethod("slow.wait", () => new Promise((resolve) => {
        globalThis.finishSlow = resolve; api.lifecycle.signal.addEventListener("abort", () => { globalThis.slowAborted = true; });
      }));`,
    });
    await bench.host.start();
    const slot = globalThis as { finishSlow?: (value: string) => void; slowAborted?: boolean };
    const method = bench.host.registry
      .current()
      .get<{ handler(context: object): Promise<string> }>("gatewayMethod", "slow.wait");
    const answer = method?.value.handler({});
    let reloaded = false;
    const reloading = bench.host.reload("slow").then(() => {
      reloaded = true;
    });
    await expect.poll(() => slot.slowAborted).toBe(true);
    await bench.clock.advance(1_000);
    expect(reloaded).toBe(false);
    slot.finishSlow?.("done");
    await reloading;
    expect(await answer).toBe("done");
    expect(bench.clock.armed).toBe(0);
  });

  it("[F100] an instance that is only looked at is disposed, and cleans nothing up", async () => {
    const bench = await pluginBench();
    const log: string[] = [];
    Object.assign(globalThis, { lookedAtLog: log });
    await bench.write("global", "shy", {
      register: `
        const log = globalThis.lookedAtLog;
        const lifecycle = { cleanup: () => void log.push("cleanup"), dispose: async () => { await null; log.push("dispose " + api.registrationMode); } };
        api.lifecycle.registerRuntimeLifecycle({ id: "main", ...lifecycle });
        api.lifecycle.registerRuntimeLifecycle({ id: "main", dispose: () => void log.push("refused") });
        api.lifecycle.onDispose(() => void log.push("onDispose"));`,
      manifest: { activation: { onStartup: false, onCommands: ["shy"] } },
    });
    await bench.host.start();
    const report = await bench.host.inspect("shy");
    expect(report?.contributions["runtimeLifecycle"]).toEqual(["main"]);
    expect(log).toEqual(["dispose discovery", "onDispose"]);
  });

  it("[F100] [F261] what never closes holds up the rest of its plugin no longer than its time", async () => {
    const bench = await pluginBench();
    const log: string[] = [];
    Object.assign(globalThis, { stuckLog: log });
    await bench.write("global", "stuck", {
      register: `
        api.lifecycle.onDispose(() => void globalThis.stuckLog.push("closed"));
        api.lifecycle.onDispose(() => new Promise(() => {}));`,
    });
    await bench.host.start();
    bench.config.set({ plugins: { entries: { stuck: { enabled: false } } } });
    const gone = bench.host.applyConfig();
    await expect.poll(() => bench.clock.armed).toBeGreaterThan(0);
    expect(log).toEqual([]);
    await bench.clock.advance(CLEANUP_LIMIT_MS);
    await gone;
    expect(log).toEqual(["closed"]);
    const messages = bench.host.records()[0]?.diagnostics.map(({ message }) => message);
    const why = `lifecycle.onDispose of plugin "stuck" took longer than ${CLEANUP_LIMIT_MS} ms`;
    expect(messages).toEqual([why]);
  });

  it("[F100] calls lifecycle clean-up with the reason, then dispose, then onDispose callbacks", async () => {
    const bench = await pluginBench();
    await bench.write("global", "tidy", {
      register: `
        const log = (globalThis.tidyLog ??= []);
        api.lifecycle.registerRuntimeLifecycle({ id: "main",
          cleanup: ({ reason, sessionKey }) => void log.push("cleanup " + reason + " " + (sessionKey ?? "-")),
          dispose: () => void log.push("dispose") });
        api.session.workflow.registerSessionSchedulerJob({ id: "job", sessionKey: "agent:main:main", kind: "watch",
          cleanup: ({ reason, jobId, sessionKey }) => void log.push("job " + reason + " " + jobId + " " + sessionKey) });
        api.lifecycle.onDispose(() => void log.push("onDispose"));`,
    });
    const log: string[] = [];
    Object.assign(globalThis, { tidyLog: log });
    await bench.host.start();
    await bench.host.cleanUp("reset", { sessionKey: "agent:main:main" });
    await bench.host.cleanUp("delete", { sessionKey: "agent:main:other" });
    expect(log).toEqual([
      "cleanup reset agent:main:main",
      "job reset job agent:main:main",
      "cleanup delete agent:main:other",
    ]);
    log.length = 0;
    bench.config.set({ plugins: { entries: { tidy: { enabled: false } } } });
    await bench.host.applyConfig();
    expect(log).toEqual(["cleanup disable -", "job disable job agent:main:main", "dispose", "onDispose"]);
    expect(bench.host.registry.current().ofPlugin("tidy")).toEqual([]);
  });

  it("a configuration change that does not concern a plugin keeps its instance", async () => {
    const bench = await pluginBench();
    await bench.write("global", "alpha", {
      register: `globalThis.alphaLoads = (globalThis.alphaLoads ?? 0) + 1; ${COMMAND("alpha")}`,
    });
    await bench.host.start();
    const before = bench.host.registry.current().get("command", "alpha");
    bench.config.set({ gateway: { port: 1 } });
    await bench.host.applyConfig();
    expect(bench.host.registry.current().get("command", "alpha")).toBe(before);
    expect((globalThis as { alphaLoads?: number }).alphaLoads).toBe(1);
  });

  it("[F267] [F260] a plugin's hot paths reload it, a service's paths restart that service only", async () => {
    const bench = await pluginBench({ feed: { url: "a" }, clockwork: { step: 1 } });
    await bench.write("global", "reader", {
      register: `
        globalThis.readerLog.push("register");
        api.registerReload({ hotPrefixes: ["feed"], noopPrefixes: ["other"] });
        for (const [id, reload] of [["ticking", { configPrefixes: ["clockwork.step"] }], ["steady", undefined]])
          api.registerService({ id, reload, start: () => void globalThis.readerLog.push("start " + id), stop: () => void globalThis.readerLog.push("stop " + id) });`,
    });
    const log: string[] = [];
    Object.assign(globalThis, { readerLog: log });
    const loggedBy = async (config: Record<string, unknown>) => {
      log.length = 0;
      bench.config.set(config);
      await bench.host.applyConfig();
      return [...log];
    };
    await bench.host.start();
    await bench.host.startServices();
    expect(await loggedBy({ feed: { url: "a" }, clockwork: { step: 1 }, other: 1 })).toEqual([]);
    expect(await loggedBy({ feed: { url: "a" }, clockwork: { step: 2 } })).toEqual([
      "stop ticking",
      "start ticking",
    ]);
    expect(await loggedBy({ feed: { url: "b" }, clockwork: { step: 2 } })).toEqual([
      "register",
      "stop ticking",
      "stop steady",
      "start ticking",
      "start steady",
    ]);
  });

  it("any sequence of enable, disable, reload and config change ends where a fresh start would", async () => {
    const bench = await pluginBench();
    const ids = ["a", "b", "c"];
    for (const id of ids) {
      await bench.write("global", id, {
        manifest: { configSchema: { type: "object", properties: { name: { type: "string" } } } },
        // All three want the command "shared"; the first active one owns it.
        register: `${COMMAND("shared")} ${COMMAND(`${id}-own`)}
          if (api.pluginConfig.name) api.registerCommand({ name: api.pluginConfig.name, description: "d", handler: () => ({}) });
          api.registerChannel({ id: "chat", capabilities: { chatTypes: ["direct"] }, config: { listAccountIds: () => [], resolveAccount: () => ({}) } });`,
      });
    }
    await bench.host.start();
    const entries: Record<string, { enabled?: boolean; config?: object }> = {};
    const step = fc.record({
      id: fc.constantFrom(...ids),
      action: fc.constantFrom("enable", "disable", "reload", "configure"),
      name: fc.constantFrom("red", "green", "wrong type"),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), async (steps) => {
        for (const { id, action, name } of steps) {
          if (action === "reload") {
            await bench.host.reload(id).catch(() => {});
            continue;
          }
          const entry = { ...entries[id] };
          if (action === "enable") entry.enabled = true;
          if (action === "disable") entry.enabled = false;
          if (action === "configure") entry.config = { name: name === "wrong type" ? 1 : name };
          entries[id] = entry;
          bench.config.set({ plugins: { entries: structuredClone(entries) } });
          await bench.host.applyConfig();
        }
        const fresh = bench.fresh();
        await fresh.start();
        expect(contents(bench.host, ids)).toEqual(contents(fresh, ids));
        const states = (host: typeof fresh) =>
          host.records().map(({ id, status, error }) => [id, status, error]);
        expect(states(bench.host)).toEqual(states(fresh));
        await fresh.dispose();
      }),
      { numRuns: 25 },
    );
  });
});
