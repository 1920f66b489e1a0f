import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { contract } from "../contract/support.ts";
import { EVERY_CONTRACT, EVERY_KIND } from "./support/every-kind.ts";
import { importNatively, pluginBench } from "./support/plugin-bench.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

async function heapUsed(): Promise<number> {
  for (let round = 0; round < 4; round++) {
    await new Promise(setImmediate);
    collect();
  }
  return process.memoryUsage().heapUsed;
}

/** Registers everything there is, and acquires what a plugin may acquire through its lifecycle. */
const BUSY = `
  ${EVERY_KIND.map(({ call }) => call.replaceAll("ID", "one")).join("\n")}
  const timer = setInterval(() => {}, 60_000);
  const server = createServer().listen(0, "127.0.0.1");
  const onWarning = () => {};
  process.on("warning", onWarning);
  api.lifecycle.onDispose(() => { clearInterval(timer); process.off("warning", onWarning);
    return new Promise((resolve) => server.close(resolve)); });
  api.registerService({ id: "beat", start() { this.timer = setInterval(() => {}, 60_000); }, stop() { clearInterval(this.timer); } });`;

/** Sockets close a few turns of the loop later. Timers of the test's own runner may end meanwhile. */
async function settled(expected: ReturnType<typeof resources>): Promise<void> {
  const { Timeout: timers = 0, ...handles } = expected.counts;
  const isSettled = ({ counts: { Timeout = 0, ...rest }, listeners }: typeof expected) =>
    Timeout <= timers && JSON.stringify([rest, listeners]) === JSON.stringify([handles, expected.listeners]);
  for (let turn = 0; turn < 500 && !isSettled(resources()); turn++) await new Promise(setImmediate);
  if (!isSettled(resources())) expect(resources()).toEqual(expected);
}

const EVENTS = ["warning", "exit", "uncaughtException", "unhandledRejection", "SIGTERM", "SIGINT"];

/** Takes every call and every member; a registration into the void. */
const ANYTHING: object = new Proxy(() => {}, { get: () => ANYTHING, apply: () => ANYTHING });

function resources() {
  const counts: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo().sort()) {
    // Requests come and go by themselves; handles stay until somebody closes them.
    if (/Timeout|TCPServerWrap|Worker|MessagePort|FSEvent|Pipe|UDP/.test(name))
      counts[name] = (counts[name] ?? 0) + 1;
  }
  return { counts, listeners: EVENTS.map((event) => process.listenerCount(event)) };
}

describe("what plugins leave behind", () => {
  it("[F260] nothing, after any number of reloads and when they are turned off: no timer, socket or listener", async () => {
    const bench = await pluginBench();
    const before = resources();
    await bench.write("global", "busy", {
      manifest: { ...EVERY_CONTRACT },
      files: {
        "index.mjs": `import { createServer } from "node:net";
          export default { id: "busy", kind: "memory", register(api) { ${BUSY} } };`,
      },
    });
    const settings = { slots: { memory: "busy" }, entries: { busy: { enabled: true } } };
    bench.config.set({ plugins: settings });
    await bench.host.start();
    await bench.host.startServices();
    const [record] = bench.host.records();
    expect(record?.error).toBeUndefined();
    const kinds = new Set(
      bench.host.registry
        .current()
        .ofPlugin("busy")
        .map(({ kind }) => kind),
    );
    expect(kinds.size).toBeGreaterThan(40);
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    const running = resources();
    expect(running.counts).toMatchObject({ TCPServerWrap: 1 });
    expect(running.counts["Timeout"]).toBeGreaterThanOrEqual(2);
    for (let count = 0; count < 10; count++) await bench.host.reload("busy");
    await settled(running);
    bench.config.set({ plugins: { ...settings, entries: { busy: { enabled: false } } } });
    await bench.host.applyConfig();
    await settled(before);
    expect(bench.clock.armed).toBe(0);
    expect(bench.host.registry.current().ofPlugin("busy")).toEqual([]);
  });

  it("[F260] a reload costs no more memory than reading the code again, and lets go of the instance before", async () => {
    const RELOADS = 50;
    const bench = await pluginBench();
    const folder = await bench.write("global", "busy", {
      register: EVERY_KIND.filter(({ kind }) => !kind.startsWith("memory"))
        .map(({ call }) => call.replaceAll("ID", "one"))
        .join("\n"),
      manifest: { contracts: EVERY_CONTRACT.contracts },
    });
    bench.config.set({ plugins: { entries: { busy: { enabled: true } } } });
    await bench.host.start();
    const reload = async () => {
      const [entry] = bench.host.registry.current().ofPlugin("busy");
      const old = new WeakRef(entry as object);
      await bench.host.reload("busy");
      return old;
    };
    for (let warm = 0; warm < 10; warm++) await reload();
    const start = await heapUsed();
    const old: WeakRef<object>[] = [];
    for (let count = 0; count < RELOADS; count++) old.push(await reload());
    const reloads = ((await heapUsed()) - start) / RELOADS;
    const alone = await heapUsed();
    // What Node keeps of a module is the least that any host pays.
    const file = pathToFileURL(join(folder, "index.mjs")).href;
    for (let count = 0; count < RELOADS; count++) {
      const module = (await importNatively(`${file}?again=${count}`)) as {
        default: { register(api: object): void };
      };
      module.default.register(ANYTHING);
    }
    const imports = ((await heapUsed()) - alone) / RELOADS;
    if (process.env["SLUICE_SHOW_FIGURES"]) console.log({ reloads, imports });
    expect(old.filter((one) => one.deref() !== undefined).length).toBeLessThanOrEqual(2);
    expect(reloads - imports).toBeLessThan(16_384);
  });

  it("[F260] a gateway's methods, routes, tools and sockets are what they were before", async () => {
    const quiet = { id: "probe", register: "" };
    const busy = {
      id: "busy",
      register: `
        api.registerGatewayMethod("busy.get", ({ respond }) => respond(true, {}), { scope: "operator.read" });
        api.registerHttpRoute({ path: "/busy", auth: "plugin", handler: (request, response) => { response.end("here"); return true; } });
        api.registerTool({ name: "busy_tool", description: "d", parameters: { type: "object", properties: {} }, async execute() { return { content: [] }; } });
        api.registerCommand({ name: "busy", description: "d", handler: () => ({ text: "here" }) });
        const server = createServer();
        api.registerService({ id: "listen", start: () => new Promise((resolve) => server.listen(0, "127.0.0.1", resolve)),
          stop: () => new Promise((resolve) => server.close(resolve)) });`,
      head: `import { createServer } from "node:net";`,
      manifest: { contracts: { tools: ["busy_tool"] } },
      entry: { enabled: false },
    };
    const { gateway, call, say } = await contract([quiet, busy]);
    const look = async () => {
      const { plugins } = await call("plugins.list");
      return {
        route: (await fetch(`${gateway.httpUrl}/busy`)).status,
        answer: (await call("plugins.inspect", { pluginId: "busy" })).contributions,
        others: plugins.filter(({ id }: { id: string }) => id !== "busy").length,
        generationRows: gateway.services.registry.current().ofPlugin("busy").length,
        servers: process.getActiveResourcesInfo().filter((name) => name === "TCPServerWrap").length,
        command: await say("/busy"),
      };
    };
    const before = await look();
    for (let round = 0; round < 3; round++) {
      await call("plugins.setEnabled", { pluginId: "busy", enabled: true });
      await call("plugins.reload", { pluginIds: ["busy"] });
      expect(await call("busy.get")).toEqual({});
      expect(await (await fetch(`${gateway.httpUrl}/busy`)).text()).toBe("here");
      expect((await look()).servers).toBe(before.servers + 1);
      await call("plugins.setEnabled", { pluginId: "busy", enabled: false });
      expect(await look()).toEqual(before);
    }
  });
});
