import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { IMPORT_LIMIT_MS } from "../../src/plugins/loading/import-entry.ts";
import { IMPORT_PATIENCE_MS } from "../../src/plugins/loading/load-turns.ts";
import { sluice } from "../support/sluice-command.ts";
import { spawnGateway } from "../support/spawned-gateway.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { type PluginBench, pluginBench, writePlugin } from "./support/plugin-bench.ts";

interface Gate {
  readonly id: string;
  go(): void;
  fail(error: Error): void;
}

const shared = globalThis as { importGates?: Gate[]; noted?: string[] };

beforeEach(() => {
  shared.importGates = [];
  shared.noted = [];
});

const command = (name: string) =>
  `api.registerCommand({ name: "${name}", description: "d", handler: () => ({}) });`;

/** A plugin whose import goes on until its gate is opened. */
const gated = (id: string, body = command(id)) => ({
  files: {
    "index.mjs": `await new Promise((go, fail) => globalThis.importGates.push({ id: "${id}", go, fail }));
      export default { id: "${id}", register(api) { const note = (text) => globalThis.noted.push(text); ${body} } };`,
  },
});

/** The gate of the newest import of a plugin, as soon as that waits; `count`: how often it was imported. */
async function gateOf(id: string, count = 1): Promise<Gate> {
  const gates = () => (shared.importGates ?? []).filter((gate) => gate.id === id);
  await expect.poll(gates).toHaveLength(count);
  return gates().at(-1) as Gate;
}

const commands = ({ host }: PluginBench) =>
  host.registry
    .current()
    .list("command")
    .map(({ key }) => key)
    .sort();

const record = ({ host }: PluginBench, id: string) => host.records().find((row) => row.id === id);

const codes = (bench: PluginBench, id: string) =>
  record(bench, id)
    ?.diagnostics.filter(({ level }) => level !== "info")
    .map(({ code }) => code);

/** Starts, and lets the patience with `slow` run out. */
async function started(bench: PluginBench, slow = "slow"): Promise<Gate> {
  const starting = bench.host.start();
  const gate = await gateOf(slow);
  await bench.clock.advance(IMPORT_PATIENCE_MS);
  await starting;
  return gate;
}

describe("a plugin whose import takes long", () => {
  it("lets the others and the start go ahead, says so, and joins when its import ends", async () => {
    const bench = await pluginBench();
    await bench.write("global", "slow", {
      ...gated(
        "slow",
        `${command("slow")} api.registerService({ id: "tick", start: () => note("service") });
         api.on("gateway_start", () => note("gateway_start"));`,
      ),
    });
    await bench.write("global", "zoe", { register: command("zoe") });
    let isStarted = false;
    const starting = bench.host.start().then(() => {
      isStarted = true;
    });
    const gate = await gateOf("slow");
    await bench.clock.advance(IMPORT_PATIENCE_MS - 1);
    expect([isStarted, codes(bench, "slow")]).toEqual([false, []]);
    await bench.clock.advance(1);
    await starting;
    await bench.host.startServices();
    await bench.host.announceStart({ port: 1 }, () => ({}));
    expect(commands(bench)).toEqual(["zoe"]);
    expect(record(bench, "slow")).toMatchObject({
      status: "loaded",
      imported: false,
      reason: expect.stringContaining("its import goes on"),
      diagnostics: [
        { level: "warn", code: "import-slow", message: expect.stringContaining("it joins them") },
      ],
    });
    const before = bench.host.registry.current().id;
    gate.go();
    await expect.poll(() => commands(bench)).toEqual(["slow", "zoe"]);
    expect(bench.host.registry.current().id).toBe(before + 1);
    await expect.poll(() => shared.noted).toEqual(["service", "gateway_start"]);
    expect(record(bench, "slow")).toMatchObject({ status: "loaded", imported: true, diagnostics: [] });
    expect(bench.clock.armed).toBe(0);
  });

  it("becomes an error when its import reaches the limit, and stays one when it ends after all", async () => {
    const bench = await pluginBench();
    await bench.write("global", "slow", gated("slow"));
    const gate = await started(bench);
    await bench.clock.advance(IMPORT_LIMIT_MS - IMPORT_PATIENCE_MS - 1);
    expect(codes(bench, "slow")).toEqual(["import-slow"]);
    await bench.clock.advance(1);
    await bench.host.arrived(["slow"]);
    expect(record(bench, "slow")).toMatchObject({ status: "error", failurePhase: "load" });
    expect(codes(bench, "slow")).toEqual(["load-failed"]);
    expect(bench.clock.armed).toBe(0);
    gate.go();
    await new Promise(setImmediate);
    expect([commands(bench), record(bench, "slow")?.status]).toEqual([[], "error"]);
  });

  it("costs the others less than twice the patience, however many there are", async () => {
    const bench = await pluginBench();
    for (let index = 0; index < 6; index++) {
      await bench.write("global", `slow${index}`, gated(`slow${index}`));
    }
    await bench.write("global", "zoe", { register: command("zoe") });
    const starting = bench.host.start();
    let waited = 0;
    for (let index = 0; index < 6; index++) {
      await gateOf(`slow${index}`);
      await bench.clock.advance(IMPORT_PATIENCE_MS / 2 ** index);
      waited += IMPORT_PATIENCE_MS / 2 ** index;
    }
    await starting;
    expect(waited).toBeLessThan(2 * IMPORT_PATIENCE_MS);
    expect(commands(bench)).toEqual(["zoe"]);
    for (const { go } of shared.importGates ?? []) go();
    await bench.host.arrived(Array.from({ length: 6 }, (_, index) => `slow${index}`));
    expect(commands(bench)).toHaveLength(7);
  });

  it("is rolled back when it fails late: at its import or when it registers", async () => {
    const bench = await pluginBench();
    await bench.write("global", "slow", gated("slow"));
    await bench.write(
      "global",
      "worse",
      gated(
        "worse",
        `${command("worse")} api.lifecycle.onDispose(() => note("closed")); throw new Error("no");`,
      ),
    );
    const starting = bench.host.start();
    const first = await gateOf("slow");
    await bench.clock.advance(IMPORT_PATIENCE_MS);
    const second = await gateOf("worse");
    await bench.clock.advance(IMPORT_PATIENCE_MS / 2);
    await starting;
    first.fail(new Error("lost its way"));
    second.go();
    await bench.host.arrived(["slow", "worse"]);
    expect(record(bench, "slow")).toMatchObject({
      status: "error",
      error: expect.stringContaining("lost its way"),
    });
    expect([codes(bench, "slow"), codes(bench, "worse")]).toEqual([["load-failed"], ["register-failed"]]);
    expect([commands(bench), shared.noted]).toEqual([[], ["closed"]]);
  });

  it("is waited for by who needs it, and by nobody else", async () => {
    const bench = await pluginBench();
    const lazy = { activation: { onStartup: false } };
    await bench.write("global", "slow", {
      ...gated("slow"),
      manifest: { ...lazy, providers: ["deep"] },
    });
    await bench.write("global", "zoe", {
      register: command("zoe"),
      manifest: { ...lazy, providers: ["quick"] },
    });
    await bench.host.start();
    let isActive = false;
    const activating = bench.host.activate({ kind: "provider", provider: "deep" }).then(() => {
      isActive = true;
    });
    const gate = await gateOf("slow");
    await bench.clock.advance(IMPORT_PATIENCE_MS);
    await bench.host.activate({ kind: "provider", provider: "quick" });
    expect([isActive, commands(bench)]).toEqual([false, ["zoe"]]);
    gate.go();
    await activating;
    expect(commands(bench)).toEqual(["slow", "zoe"]);
  });

  it("is not imported a second time to be looked at", async () => {
    const bench = await pluginBench();
    await bench.write("global", "slow", gated("slow"));
    await started(bench);
    const inspection = await bench.host.inspect("slow");
    expect(inspection).toMatchObject({ status: "loaded", commands: [] });
    expect(inspection?.diagnostics.map(({ code }) => code)).toEqual(["import-slow"]);
    expect(shared.importGates).toHaveLength(1);
  });
});

describe("what happens while an import goes on", () => {
  it("leaves it alone when it makes no difference to it; what it registers goes by the newest settings", async () => {
    const bench = await pluginBench();
    await bench.write(
      "global",
      "slow",
      gated("slow", `api.registerCommand({ name: api.config.word, description: "d", handler: () => ({}) });`),
    );
    await bench.write("global", "zoe", { register: command("zoe") });
    const gate = await started(bench);
    bench.config.set({ word: "newest", plugins: { entries: { zoe: { enabled: false } } } });
    await bench.host.applyConfig();
    expect(codes(bench, "slow")).toEqual(["import-slow"]);
    gate.go();
    await bench.host.arrived(["slow"]);
    expect(commands(bench)).toEqual(["newest"]);
    expect(shared.importGates).toHaveLength(1);
  });

  it("imports it anew when its settings change; the older import leads nowhere", async () => {
    const bench = await pluginBench();
    const body = `api.registerCommand({ name: "as-" + (api.pluginConfig.mode ?? "none"), description: "d", handler: () => ({}) });`;
    await bench.write("global", "slow", gated("slow", `${body} note("registered");`));
    const older = await started(bench);
    bench.config.set({ plugins: { entries: { slow: { config: { mode: "two" } } } } });
    const following = bench.host.applyConfig();
    const newer = await gateOf("slow", 2);
    await bench.clock.advance(IMPORT_PATIENCE_MS);
    await following;
    older.go();
    await bench.host.applyConfig();
    expect(commands(bench)).toEqual([]);
    newer.go();
    await bench.host.arrived(["slow"]);
    expect([commands(bench), shared.noted]).toEqual([["as-two"], ["registered"]]);
    await expect.poll(() => bench.clock.armed).toBe(0);
  });

  it("gives it up when it is turned off, and who waits for its reload is told", async () => {
    const bench = await pluginBench();
    await bench.write("global", "slow", gated("slow"));
    const first = await started(bench);
    const reload = bench.host.reload("slow");
    const refused = expect(reload).rejects.toMatchObject({ code: "PLUGIN_LOAD_GIVEN_UP" });
    const second = await gateOf("slow", 2);
    await bench.clock.advance(IMPORT_PATIENCE_MS);
    await bench.host.applyConfig();
    bench.config.set({ plugins: { entries: { slow: { enabled: false } } } });
    await bench.host.applyConfig();
    await refused;
    first.go();
    second.go();
    await bench.host.applyConfig();
    expect(record(bench, "slow")).toMatchObject({ status: "disabled", diagnostics: [] });
    expect([commands(bench), bench.clock.armed]).toEqual([[], 0]);
  });

  it("closes what code that was given up opens later", async () => {
    const root = await temporaryFolder("sluice-slow-");
    const bench = await pluginBench({}, { process: { logFile: join(root, "log") } });
    await bench.write("global", "slow", {
      files: {
        "index.mjs": `${gated("slow").files["index.mjs"].split("\n")[0]}
          globalThis.lateInterval = setInterval(() => {}, 1_000_000);
          export default { register() {} };`,
      },
    });
    const gate = await started(bench);
    bench.config.set({ plugins: { entries: { slow: { enabled: false } } } });
    await bench.host.applyConfig();
    gate.go();
    const left = () => (globalThis as { lateInterval?: { _destroyed: boolean } }).lateInterval?._destroyed;
    await expect.poll(() => left()).toBe(true);
  });

  it.each([
    ["while the others wait for it", 0],
    ["when the others went ahead", IMPORT_PATIENCE_MS],
  ])("a gateway that stops waits for no import: %s", async (_when, passed) => {
    const bench = await pluginBench();
    await bench.write("global", "slow", gated("slow", `note("registered");`));
    await bench.write("global", "zoe", { files: { "index.mjs": `globalThis.noted.push("zoe imported");` } });
    const starting = bench.host.start();
    const gate = await gateOf("slow");
    if (passed > 0) {
      await bench.clock.advance(passed);
      await starting;
      shared.noted = [];
    }
    await bench.host.dispose();
    await starting;
    gate.go();
    await new Promise(setImmediate);
    expect([shared.noted, bench.clock.armed]).toEqual([[], 0]);
  });
});

describe("a reload whose import takes long", () => {
  async function reloading() {
    const bench = await pluginBench();
    const folder = await bench.write("global", "slow", { register: command("older") });
    await bench.host.start();
    await writeFile(join(folder, "index.mjs"), gated("slow", command("newer")).files["index.mjs"]);
    let outcome = "under way";
    const reload = bench.host.reload("slow").then(
      () => {
        outcome = "done";
      },
      (error: Error) => {
        outcome = error.message;
      },
    );
    const gate = await gateOf("slow");
    await bench.clock.advance(IMPORT_PATIENCE_MS);
    await bench.write("global", "zoe", { register: command("zoe") });
    await bench.host.applyConfig();
    expect([outcome, commands(bench)]).toEqual(["under way", ["older", "zoe"]]);
    expect(codes(bench, "slow")).toEqual(["import-slow"]);
    expect(record(bench, "slow")).toMatchObject({ status: "loaded", imported: true });
    const ended = async () => {
      await reload;
      return outcome;
    };
    return { bench, gate, ended };
  }

  it("[F260] keeps the old code serving and nothing else waiting until the new has come", async () => {
    const { bench, gate, ended } = await reloading();
    gate.go();
    expect(await ended()).toBe("done");
    expect([commands(bench), codes(bench, "slow")]).toEqual([["newer", "zoe"], []]);
  });

  it("[F260] leaves the old code serving when the new fails", async () => {
    const { bench, gate, ended } = await reloading();
    gate.fail(new Error("not today"));
    expect(await ended()).toContain("not today");
    expect([commands(bench), codes(bench, "slow")]).toEqual([["older", "zoe"], ["reload-failed"]]);
  });

  it("[F260] leaves the old code serving when the new never comes", async () => {
    const { bench, ended } = await reloading();
    await bench.clock.advance(IMPORT_LIMIT_MS - IMPORT_PATIENCE_MS);
    expect(await ended()).toContain(`took longer than ${IMPORT_LIMIT_MS} ms`);
    expect([commands(bench), codes(bench, "slow")]).toEqual([["older", "zoe"], ["reload-failed"]]);
  });

  it("[F260] ends what no longer fits the configuration when the new fails, as after a fresh start", async () => {
    const { bench, ended } = await reloading();
    bench.config.set({ plugins: { entries: { slow: { config: { mode: "two" } } } } });
    const following = bench.host.applyConfig();
    const gate = await gateOf("slow", 2);
    await bench.clock.advance(IMPORT_PATIENCE_MS);
    await following;
    expect(await ended()).toContain("changed");
    expect(commands(bench)).toEqual(["older", "zoe"]);
    gate.fail(new Error("not with these"));
    await bench.host.arrived(["slow"]);
    expect([commands(bench), record(bench, "slow")?.status]).toEqual([["zoe"], "error"]);
  });
});

describe("a gateway of its own with a plugin whose import takes long", () => {
  it("serves without it, shows why, and takes it in", async () => {
    const stateDir = await temporaryFolder("sluice-slow-");
    const go = join(stateDir, "go");
    await writePlugin(join(stateDir, "extensions", "slow"), "slow", {
      files: {
        "index.mjs": `import { access } from "node:fs/promises";
          import { setTimeout } from "node:timers/promises";
          while (await access(${JSON.stringify(go)}).then(() => false, () => true)) await setTimeout(20);
          export default { id: "slow", register(api) {
            api.registerGatewayMethod("slow.ask", ({ respond }) => respond(true, { here: true }), { scope: "operator.read" }); } };`,
      },
    });
    const config = { plugins: { entries: { slow: { enabled: true } } } };
    await writeFile(join(stateDir, "sluice.json"), JSON.stringify(config), { mode: 0o600 });
    const gateway = await spawnGateway({ stateDir });
    onTestFinished(() => gateway.dispose());
    const env = { SLUICE_GATEWAY_PORT: String(gateway.port), SLUICE_GATEWAY_TOKEN: gateway.token };
    const run = (...args: string[]) => sluice(args, { stateDir, env });
    const [listed, inspected, checked] = await Promise.all([
      run("plugins", "list"),
      run("plugins", "inspect", "slow", "--json"),
      run("plugins", "doctor"),
    ]);
    expect(listed.stdout).toMatch(/slow.*its import goes on/);
    expect(JSON.parse(inspected.stdout)).toMatchObject({
      plugin: { status: "loaded", imported: false, runtime: { state: "unloaded" } },
      diagnostics: [{ code: "import-slow" }],
    });
    expect(checked).toMatchObject({ status: 0, stdout: expect.stringContaining("its import takes") });
    await writeFile(go, "");
    await expect
      .poll(async () => (await run("gateway", "call", "slow.ask", "--json")).stdout)
      .toContain("here");
    expect(JSON.parse((await run("plugins", "list", "--json")).stdout).plugins).toContainEqual(
      expect.objectContaining({ id: "slow", runtime: { state: "active" } }),
    );
  });
});
