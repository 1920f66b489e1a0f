import { homedir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { CliRegistration, PluginService } from "../../src/contracts/registrations.ts";
import type { AgentTool } from "../../src/contracts/tool.ts";
import { applyToolResultMiddleware } from "../../src/plugins/hooks/tool-result-middleware.ts";
import { activeMemory } from "../../src/plugins/memory.ts";
import { EVERY_CONTRACT, EVERY_KIND } from "./support/every-kind.ts";
import { type PluginBench, pluginBench } from "./support/plugin-bench.ts";

const seen = globalThis as unknown as Record<string, unknown>;

async function started(
  register: string,
  more: Parameters<typeof pluginBench>[1] = {},
  manifest: object = {},
): Promise<PluginBench> {
  const bench = await pluginBench(
    { plugins: { entries: { it: { enabled: true, config: { color: "red" } } } } },
    more,
  );
  await bench.write("global", "it", {
    register,
    manifest: { name: "It", version: "1.2.3", description: "Does it", ...manifest },
  });
  await bench.host.start();
  return bench;
}

function codes(bench: PluginBench, id = "it"): string[] {
  return (
    bench.host
      .records()
      .find((record) => record.id === id)
      ?.diagnostics.map(({ code }) => code) ?? []
  );
}

describe("the api object", () => {
  it("[F138] [F139] [F140] [F141] [F142] [F143] [F144] carries identity, config, runtime, logger, mode and paths", async () => {
    const bench = await started(
      `globalThis.api = api; globalThis.paths = ["", "~/x", "/abs/../y", "sub/z"].map(api.resolvePath);`,
    );
    const api = seen["api"] as Record<string, unknown>;
    const folder = join(bench.root, "global", "it");
    expect(api).toMatchObject({
      id: "it",
      name: "It",
      version: "1.2.3",
      description: "Does it",
      source: join(folder, "index.mjs"),
      runtimeSource: join(folder, "index.mjs"),
      rootDir: folder,
      registrationMode: "full",
      pluginConfig: { color: "red" },
      runtime: { version: "test" },
    });
    expect(seen["paths"]).toEqual([homedir(), join(homedir(), "x"), "/y", join(folder, "sub/z")]);
    for (const level of ["debug", "info", "warn", "error"])
      expect((api["logger"] as Record<string, unknown>)[level]).toBeTypeOf("function");
    const next = { ...bench.config.current().config, gateway: { port: 7 } };
    bench.config.set(next);
    expect(api["config"]).toBe(next);
  });

  it("[F110] [F154] the flat names do the same as the grouped ones, and the report says which are used", async () => {
    const bench = await started(`globalThis.api = api;
      api.registerRuntimeLifecycle({ id: "flat", cleanup() {} });
      api.lifecycle.registerRuntimeLifecycle({ id: "grouped", cleanup() {} });`);
    const api = seen["api"] as Record<string, never> & {
      session: Record<string, object>;
      agent: { events: object };
      runContext: object;
      lifecycle: { registerRuntimeLifecycle: unknown };
    };
    const groups = [...Object.values(api.session), api.agent.events, api.runContext].flatMap((group) =>
      Object.entries(group),
    );
    expect(groups).toHaveLength(13);
    for (const [name] of groups) expect(api[name]).toBeTypeOf("function");
    const keys = bench.host.registry
      .current()
      .ofPlugin("it")
      .map(({ key }) => key);
    expect(keys).toEqual(["flat", "grouped"]);
    expect(await (api["enqueueNextTurnInjection"] as unknown as (injection: object) => unknown)({})).toEqual(
      await (
        api.session["workflow"] as { enqueueNextTurnInjection(injection: object): unknown }
      ).enqueueNextTurnInjection({}),
    );
    const report = await bench.host.inspect("it");
    expect(report?.compatibility).toMatchObject({
      signal: "compatibility advisory",
      notices: ["registerRuntimeLifecycle", "enqueueNextTurnInjection"].map((name) => ({
        compatCode: "flat-session-api-aliases",
        severity: "info",
        message: expect.stringContaining(`api.${name}`),
      })),
    });
    expect(report?.plugin.compat).toEqual(["flat-session-api-aliases"]);
  });

  it("[F083] a removed method fails the plugin and names its successor", async () => {
    const bench = await started(`api.registerHttpHandler(() => {});`);
    expect(bench.host.records()[0]?.error).toContain("registerHttpRoute");
  });

  it("[F083] a plugin that asks for a removed method before it calls goes on without it", async () => {
    const bench = await started(`
      if (api.registerHttpHandler) api.registerHttpHandler(() => {});
      api.registerEmbeddedExtensionFactory?.(() => {});
      api.registerCommand({ name: "kept", description: "d", handler() {} });`);
    expect(bench.host.records()[0]).toMatchObject({ status: "loaded" });
    expect(bench.host.registry.current().get("command", "kept")?.pluginId).toBe("it");
  });

  it("registrations after retirement do nothing, those while running appear at once", async () => {
    const bench = await started(
      `globalThis.late = (name) => api.registerCommand({ name, description: "d", handler() {} });`,
    );
    const late = seen["late"] as (name: string) => void;
    late("during");
    expect(bench.host.registry.current().get("command", "during")?.pluginId).toBe("it");
    bench.config.set({ plugins: { entries: { it: { enabled: false } } } });
    await bench.host.applyConfig();
    late("after");
    expect(bench.host.registry.current().list("command")).toEqual([]);
  });

  it.each(["full", "discovery", "tool-discovery", "setup-only", "setup-runtime", "cli-metadata"] as const)(
    "[F257] [F164] in mode %s exactly the methods of that mode store something",
    async (mode) => {
      const calls = EVERY_KIND.map(
        ({ call }) => `try { ${call} } catch (error) { globalThis.threw = error; }`,
      ).join("\n");
      const bench = await started(calls, { mode }, { ...EVERY_CONTRACT, kind: ["memory", "context-engine"] });
      const kinds = new Set(
        bench.host.registry
          .current()
          .ofPlugin("it")
          .map(({ kind }) => kind),
      );
      const all = new Set(EVERY_KIND.map(({ kind }) => kind));
      const expected: Record<string, Set<string>> = {
        "setup-only": new Set(["channel"]),
        "setup-runtime": new Set(["channel", "httpRoute", "gatewayMethod", "sessionCatalog", "cli"]),
        "cli-metadata": new Set(["cli"]),
      };
      const memory = ["memoryCapability", "memoryPromptSection", "memoryFlushPlan", "memoryRuntime"];
      const wanted = expected[mode] ?? all;
      expect([...wanted].filter((kind) => !kinds.has(kind) && !memory.includes(kind))).toEqual([]);
      expect([...kinds].filter((kind) => !wanted.has(kind))).toEqual([]);
    },
  );

  it("[F257] side effects are off outside full mode and the runtime says why it is locked", async () => {
    const bench = await started(
      `globalThis.effects = { inject: api.session.workflow.enqueueNextTurnInjection({ sessionKey: "s", text: "t" }),
         emit: api.agent.events.emitAgentEvent({ runId: "r", stream: "it", data: {} }), set: api.runContext.setRunContext({ runId: "r", namespace: "n", value: 1 }) };`,
      { mode: "discovery" },
    );
    const effects = seen["effects"] as Record<string, unknown>;
    expect(await effects["inject"]).toEqual({ enqueued: false, id: "", sessionKey: "s" });
    expect(effects["emit"]).toMatchObject({ emitted: false });
    expect(effects["set"]).toBe(false);
    const locked = await started(
      `const runtime = api.runtime; try { runtime.state.openKeyedStore({}); } catch (error) { globalThis.lockedError = error.message; }`,
      { mode: "cli-metadata" },
    );
    expect(seen["lockedError"]).toContain('"cli-metadata"');
    expect([...codes(bench), ...codes(locked)]).toEqual([]);
  });

  it("[F143] a channel nobody configured gets its setup entry, and the full one when it is configured", async () => {
    const bench = await pluginBench();
    const channel = `{ id: "chat", capabilities: { chatTypes: ["direct"] }, config: { listAccountIds: () => [], resolveAccount: () => ({}) } }`;
    await bench.write("global", "chat", {
      manifest: { channels: ["chat"], channelConfigs: { chat: { schema: {} } } },
      register: `api.registerChannel(${channel}); api.registerCommand({ name: "full-chat", description: "d", handler() {} });`,
      files: { "setup-entry.mjs": `export default { plugin: ${channel} };` },
    });
    await bench.host.start();
    const kinds = () =>
      bench.host.registry
        .current()
        .ofPlugin("chat")
        .map(({ kind }) => kind);
    expect(kinds()).toEqual(["channel"]);
    expect((await bench.host.inspect("chat"))?.commands).toEqual(["full-chat"]);
    bench.config.set({ channels: { chat: {} } });
    await bench.host.applyConfig();
    expect(kinds()).toEqual(["channel", "command"]);
  });
});

describe("workflow calls", () => {
  const INJECT = (extra: string) =>
    `globalThis.injected = api.session.workflow.enqueueNextTurnInjection({ sessionKey: " agent:main:main ", text: "hello", ${extra} });`;
  const accepted = {
    workflow: {
      enqueueNextTurnInjection: async (pluginId: string, injection: { sessionKey: string }) => ({
        enqueued: true,
        id: pluginId,
        sessionKey: injection.sessionKey,
      }),
    },
  };

  it("[F095] an injection reaches the host with the plugin's id and a trimmed session key", async () => {
    await started(INJECT(""), accepted);
    expect(await seen["injected"]).toEqual({ enqueued: true, id: "it", sessionKey: "agent:main:main" });
  });

  it.each([
    `text: "  "`,
    `text: "x".repeat(32_769)`,
    `idempotencyKey: ""`,
    `idempotencyKey: "x".repeat(513)`,
    `placement: "middle"`,
    `ttlMs: -1`,
    `ttlMs: NaN`,
    `metadata: () => 1`,
    `sessionKey: ""`,
  ])("[F095] an injection with %s is refused", async (extra) => {
    await started(INJECT(extra), accepted);
    expect(await seen["injected"]).toMatchObject({ enqueued: false, id: "" });
  });

  it("[F112] allowPromptInjection false refuses injections and says so", async () => {
    const bench = await pluginBench(
      { plugins: { entries: { it: { hooks: { allowPromptInjection: false } } } } },
      accepted,
    );
    await bench.write("global", "it", { register: INJECT("") });
    await bench.host.start();
    expect(await seen["injected"]).toMatchObject({ enqueued: false });
    expect(codes(bench)).toEqual(["injection-blocked"]);
  });

  it("[F105] [F106] [F107] [F111] attachments and scheduled turns are for bundled plugins; others get the negative answer", async () => {
    const services = {
      sendSessionAttachment: async () => ({ ok: true as const, channel: "irc", deliveredTo: "x", count: 1 }),
      scheduleSessionTurn: async () => ({ id: "j", pluginId: "p", sessionKey: "s", kind: "session-turn" }),
      unscheduleSessionTurnsByTag: async () => ({ removed: 2, failed: 0 }),
    };
    const register = `globalThis.answers = [api.sendSessionAttachment({ sessionKey: "s", files: [] }), api.scheduleSessionTurn({}), api.unscheduleSessionTurnsByTag({ sessionKey: "s", tag: "t" })];`;
    const answers = async (place: "global" | "bundled") => {
      const bench = await pluginBench({}, { workflow: services });
      await bench.write(place, "it", { register, manifest: { enabledByDefault: true } });
      await bench.host.start();
      return Promise.all(seen["answers"] as Promise<unknown>[]);
    };
    expect(await answers("global")).toEqual([
      { ok: false, error: expect.any(String) },
      undefined,
      { removed: 0, failed: 0 },
    ]);
    expect(await answers("bundled")).toMatchObject([{ ok: true }, { id: "j" }, { removed: 2 }]);
  });

  it("[F101] [F103] agent events reach subscribers without secrets; run data lives until the run's end was handled", async () => {
    const bench = await started(`
      globalThis.feed = []; globalThis.api = api;
      api.agent.events.registerAgentEventSubscription({ id: "all", handle(event, ctx) {
        globalThis.feed.push([event.stream, event.data, ctx.getRunContext("n")]); ctx.setRunContext("n", { count: globalThis.feed.length }); } });
      api.agent.events.registerAgentEventSubscription({ id: "tools", streams: ["tool"], handle() { throw new Error("ignored"); } });`);
    const api = seen["api"] as {
      runContext: { setRunContext(p: object): boolean; getRunContext(p: object): unknown };
    };
    const at = { runId: "r", namespace: "n" };
    expect(api.runContext.setRunContext({ ...at, value: 1 })).toBe(false);
    const event = (stream: string, data: object) =>
      bench.host.deliverAgentEvent({
        runId: "r",
        seq: 1,
        ts: 0,
        stream,
        data: data as Record<string, unknown>,
      });
    await event("lifecycle", { phase: "start", apiKey: "hidden" });
    expect(api.runContext.getRunContext(at)).toEqual({ count: 1 });
    await event("tool", { name: "x" });
    expect(api.runContext.setRunContext({ ...at, value: () => 1 })).toBe(false);
    await event("lifecycle", { phase: "end" });
    expect(seen["feed"]).toEqual([
      ["lifecycle", { phase: "start" }, undefined],
      ["tool", { name: "x" }, { count: 1 }],
      ["lifecycle", { phase: "end" }, { count: 2 }],
    ]);
    expect(api.runContext.getRunContext(at)).toBeUndefined();
  });

  it("[F102] external plugins emit on their own stream only, with their name on the data", async () => {
    const emitted: object[] = [];
    await started(
      `globalThis.emits = ["it", "it.x", "other", "assistant"].map((stream) => api.emitAgentEvent({ runId: "r", stream, data: { a: 1 } }).emitted);
       globalThis.emits.push(api.emitAgentEvent({ runId: "r", stream: "it", data: new Map() }).emitted);`,
      { workflow: { emitAgentEvent: (event) => emitted.push(event) > 0 } },
    );
    expect(seen["emits"]).toEqual([true, true, false, false, false]);
    expect(emitted[0]).toMatchObject({ data: { a: 1, pluginId: "it", pluginName: "It" } });
  });
});

describe("calls into the host with nonsense", () => {
  it("[F095] [F102] [F103] [F105] [F106] give the negative answer and never throw", async () => {
    const services = {
      enqueueNextTurnInjection: async () => ({ enqueued: true, id: "x", sessionKey: "s" }),
      emitAgentEvent: () => true,
      sendSessionAttachment: async () => {
        throw new Error("the disk is full");
      },
    };
    const register = `const given = [undefined, null, 5, {}];
      globalThis.nonsense = Promise.all([
        ...given.map((one) => api.session.workflow.enqueueNextTurnInjection(one)),
        api.session.workflow.enqueueNextTurnInjection({ sessionKey: "s", text: "t", agentId: 7 }),
        ...[...given, { runId: "r", stream: "it." , data: 1 }, { runId: 1, stream: "it", data: 1 }].map((one) => api.agent.events.emitAgentEvent(one)),
        ...given.map((one) => [api.runContext.setRunContext(one), api.runContext.getRunContext(one), api.runContext.clearRunContext(one)]),
        api.session.workflow.sendSessionAttachment(undefined),
        api.session.workflow.sendSessionAttachment({ sessionKey: "s", files: [] }),
        api.session.workflow.scheduleSessionTurn({ sessionKey: "s", message: "m", delayMs: 1 }),
      ]);`;
    const bench = await pluginBench({}, { workflow: services });
    await bench.write("bundled", "it", { register, manifest: { enabledByDefault: true } });
    await bench.host.start();
    const refused = { enqueued: false, id: "", sessionKey: "" };
    const silent = { emitted: false, reason: expect.any(String) };
    expect(await seen["nonsense"]).toEqual([
      ...Array(4).fill(refused),
      { ...refused, sessionKey: "s" },
      ...Array(6).fill(silent),
      ...Array(4).fill([false, undefined, undefined]),
      { ok: false, error: "expected { sessionKey, files }" },
      { ok: false, error: "the disk is full" },
      undefined,
    ]);
    expect(bench.host.records()[0]?.diagnostics.map(({ message }) => message)).toEqual([
      "scheduleSessionTurn did nothing: this version has no scheduler of turns",
    ]);
  });
});

describe("infrastructure", () => {
  it("[F079] services start when the gateway is up, get their context, and stop in reverse with the plugin", async () => {
    const bench = await started(`
      globalThis.log = [];
      for (const id of ["one", "two"]) api.registerService({ id, start(ctx) { globalThis.log.push("start " + id); globalThis.ctx = ctx; }, stop() { globalThis.log.push("stop " + id); } });`);
    expect(seen["log"]).toEqual([]);
    await bench.host.startServices();
    expect(seen["log"]).toEqual(["start one", "start two"]);
    expect(seen["ctx"]).toMatchObject({
      stateDir: join(bench.root, "state", "plugins", "it"),
      signal: { aborted: false },
    });
    await bench.host.reload("it");
    // The new instance begins a new log; the old one has stopped before the new one starts.
    const reloaded = ["stop two", "stop one", "start one", "start two"];
    expect(seen["log"]).toEqual(reloaded);
    await bench.host.dispose();
    expect(seen["log"]).toEqual([...reloaded, "stop two", "stop one"]);
  });

  it("[F047] [F070] [F071] [F072] [F073] discovery services advertise only on request, with hints, and their handle is stopped", async () => {
    const bench = await started(`
      globalThis.adverts = [];
      api.registerGatewayDiscoveryService({ id: "lan", async advertise(ctx) { globalThis.adverts.push(ctx); return { stop: () => globalThis.adverts.push("stopped") }; } });
      api.registerGatewayDiscoveryService({ id: "broken", advertise() { throw new Error("no network"); } });`);
    await bench.host.startServices();
    expect(seen["adverts"]).toEqual([]);
    const context = {
      machineDisplayName: "box",
      gatewayPort: 18_789,
      gatewayTlsEnabled: false,
      gatewayDirectReachable: false,
      minimal: true,
    };
    await bench.host.startDiscovery(context);
    expect(seen["adverts"]).toEqual([context]);
    expect(codes(bench)).toEqual(["service-failed"]);
    expect((await bench.host.inspect("it"))?.shape).toBe("plain-capability");
    await bench.host.dispose();
    expect(seen["adverts"]).toEqual([context, "stopped"]);
  });

  it("[F074] [F075] [F076] [F077] [F078] CLI rows know their parent, and whether they may stay lazy", async () => {
    const bench = await started(`
      const run = () => {};
      const descriptor = (name) => ({ name, description: "d", hasSubcommands: false });
      api.registerCli(run, { descriptors: [descriptor("lazy")] });
      api.registerCli(run, { commands: ["eager"] });
      api.registerCli(run, { commands: ["half", "other"], descriptors: [descriptor("half")] });
      api.registerCli(run, { parentPath: ["nodes"], descriptors: [descriptor("canvas")] });
      api.registerNodeCliFeature(run, { descriptors: [descriptor("canvas")] });`);
    const rows = bench.host.registry.current().list<CliRegistration>("cli");
    expect(rows.map(({ key, value }) => [key, value.parentPath, value.lazy])).toEqual([
      ["lazy", [], true],
      ["eager", [], false],
      ["half", [], false],
      ["nodes canvas", ["nodes"], true],
    ]);
    expect(codes(bench)).toEqual(["registration-duplicate"]);
  });

  it("[F068] routes: canonical paths, auth that must be stated, no overlap of different auth, own replacement", async () => {
    const bench = await pluginBench();
    const route = (path: string, more = `auth: "gateway"`) =>
      `api.registerHttpRoute({ path: "${path}", handler() {}, ${more} });`;
    await bench.write("global", "a", {
      register: [
        route("Files//./a/../List/"),
        route("/open", `auth: "plugin", match: "prefix"`),
        route("/files/list", `auth: "gateway", nodeCapability: { surface: "new" }`),
      ].join(""),
    });
    await bench.write("global", "b", {
      register: [
        route("/%66iles/list"),
        route("/open/inside"),
        route("/free", `auth: "none"`),
        route("/open/too", `auth: "plugin"`),
      ].join(""),
    });
    await bench.host.start();
    const routes = bench.host.registry.current().list<{ nodeCapability?: object }>("httpRoute");
    expect(routes.map(({ pluginId, key }) => `${pluginId} ${key}`)).toEqual([
      "a prefix /open",
      "a exact /files/list",
      "b exact /open/too",
    ]);
    expect(routes[1]?.value.nodeCapability).toEqual({ surface: "new" });
    expect(codes(bench, "b").sort()).toEqual([
      "registration-duplicate",
      "route-auth-invalid",
      "route-overlap",
    ]);
  });

  it("[F069] methods default to admin, are forced to it by name, and never take the gateway's own names", async () => {
    const bench = await started(
      `for (const [name, scope] of [["mine", undefined], ["mine.read", "operator.read"], ["config.mine", "operator.read"], ["exec.approval.mine", "operator.read"], ["health", "operator.read"]])
         api.registerGatewayMethod(name, () => 1, scope ? { scope } : {});`,
      { core: { gatewayMethod: new Set(["health"]) } },
    );
    const methods = bench.host.registry.current().list<{ scope: string }>("gatewayMethod");
    expect(methods.map(({ key, value }) => [key, value.scope])).toEqual([
      ["mine", "operator.admin"],
      ["mine.read", "operator.read"],
      ["config.mine", "operator.admin"],
      ["exec.approval.mine", "operator.admin"],
    ]);
    expect(codes(bench)).toEqual(["scope-coerced-admin", "scope-coerced-admin", "registration-duplicate"]);
  });

  it("[F067] colon events reach named hooks and of a whole family, and collect reply texts", async () => {
    const bench = await started(`
      api.registerHook(["command:new"], (event) => { event.messages.push("one"); }, { name: "exact" });
      api.registerHook("command", (event) => { event.messages.push("all"); throw new Error("x"); }, { entry: { hook: { name: "family" } } });
      api.registerHook("command:new", (event) => { event.messages.push("never"); }, { name: "silent", register: false });
      api.registerHook("message_received", () => {}, { name: "typed" });`);
    const event = {
      type: "command" as const,
      action: "new",
      sessionKey: "s",
      context: {},
      timestamp: new Date(0),
    };
    expect(await bench.host.hooks.announce(event)).toEqual(["one", "all"]);
    expect(codes(bench)).toEqual(["hook-typed-name-in-register-hook"]);
  });

  it("[F054] tools: factories per run, version 2 descriptors, optional by manifest, undeclared ones are left out", async () => {
    const tool = (name: string) =>
      `{ name: "${name}", description: "d", parameters: {}, execute: async () => ({ content: [] }) }`;
    const bench = await started(
      `api.registerTool((ctx) => ctx.sandboxed ? null : [${tool("made")}, ${tool("hidden")}], { names: ["made"] });
       api.registerTool({ contextVersion: 2, create: (ctx) => ({ ...${tool("v2")}, label: typeof ctx }) }, { name: "v2" });
       api.registerTool(${tool("rare")}, { optional: true });
       api.registerTool(${tool("by-manifest")});
       api.registerTool(${tool("unlisted")});`,
      {},
      {
        contracts: { tools: ["made", "v2", "rare", "by-manifest"] },
        toolMetadata: { "by-manifest": { optional: true } },
      },
    );
    const rows = bench.host.registry
      .current()
      .list<{ optional: boolean; create(ctx: object): AgentTool[] | AgentTool | null }>("tool");
    expect(rows.map(({ key, value }) => [key, value.optional])).toEqual([
      ["made", false],
      ["v2", false],
      ["rare", true],
      ["by-manifest", true],
    ]);
    expect((rows[0]!.value.create({}) as AgentTool[]).map(({ name }) => name)).toEqual(["made"]);
    expect(rows[0]?.value.create({ sandboxed: true })).toBeNull();
    expect(codes(bench)).toEqual(["contract-undeclared", "contract-undeclared"]);
    bench.config.set({ plugins: { entries: { it: { enabled: false } } } });
    const made = (rows[0]!.value.create({}) as AgentTool[])[0];
    await bench.host.applyConfig();
    expect(() => made?.execute("1", {} as never)).toThrow(/reloaded or disabled/);
  });

  it("[F054] tools: factories that name nothing stand beside each other and leave names to who says them", async () => {
    const tool = (name: string) =>
      `{ name: "${name}", description: "d", parameters: {}, execute: async () => ({ content: [] }) }`;
    const made = (bench: PluginBench) =>
      bench.host.registry
        .current()
        .list<{ create(ctx: object): AgentTool | null }>("tool")
        .map(({ key, value }) => [key, value.create({})?.name]);
    const factories = `api.registerTool(() => (${tool("a")}));
       api.registerTool(() => (${tool("b")}));
       api.registerTool(${tool("c")});`;
    const old = await started(factories);
    expect(made(old)).toEqual([
      ["it:unnamed", "a"],
      ["it:unnamed:2", "b"],
      ["c", "c"],
    ]);
    expect(codes(old)).toEqual(["compat-undeclared-contract"]);
    const declared = await started(factories, {}, { contracts: { tools: ["a", "b", "c"] } });
    expect(made(declared)).toEqual([
      ["a", "a"],
      ["it:unnamed", "b"],
      ["c", "c"],
    ]);
    expect(codes(declared)).toEqual([]);
  });

  it("a manifest from before contracts may register tools, with an advisory", async () => {
    const bench = await started(
      `api.registerTool({ name: "old", parameters: {}, execute: async () => ({}) });`,
    );
    expect(bench.host.registry.current().get("tool", "old")?.pluginId).toBe("it");
    expect(codes(bench)).toEqual(["compat-undeclared-contract"]);
  });

  it("[F081] [F082] middleware rewrites results in order, by runtime and tool, and its failure fails the call", async () => {
    const manifest = { contracts: { agentToolResultMiddleware: ["pi"] } };
    const add = (text: string) =>
      `({ result }) => ({ result: { content: [...result.content, { type: "text", text: "${text}" }] } })`;
    const bench = await started(
      `api.registerAgentToolResultMiddleware(${add("one")}); api.registerAgentToolResultMiddleware(${add("two")}, { matcher: ["read"] });
       api.registerAgentToolResultMiddleware(${add("never")}, { runtimes: ["codex"] });`,
      {},
      manifest,
    );
    const apply = (toolName: string, on = bench) =>
      applyToolResultMiddleware(
        on.host.registry.current(),
        { toolCallId: "1", toolName, args: {}, result: { content: [] } },
        { runtime: "openclaw" },
        on.clock,
      );
    expect((await apply("exec")).content).toEqual([{ type: "text", text: "one" }]);
    expect((await apply("read")).content).toHaveLength(2);
    expect(codes(bench)).toEqual(["contract-undeclared"]);
    const failing = await started(
      `api.registerAgentToolResultMiddleware(() => { throw new Error("x"); });`,
      {},
      manifest,
    );
    await expect(apply("read", failing)).rejects.toMatchObject({ code: "TOOL_RESULT_MIDDLEWARE_FAILED" });
    const implicit = await pluginBench();
    await implicit.write("global", "it", {
      register: `api.registerAgentToolResultMiddleware(() => {});`,
      manifest,
    });
    await implicit.host.start();
    expect(codes(implicit)).toEqual(["explicit-enablement-required"]);
  });

  it("[F118] [F120] [F121] [F122] [F123] the older memory setters merge below the capability", async () => {
    const bench = await pluginBench({ plugins: { slots: { memory: "mem" } } });
    await bench.write("global", "mem", {
      manifest: { kind: "memory" },
      register: `api.registerMemoryPromptSection(() => ["old"]); api.registerMemoryFlushPlan(() => ({ model: "ollama/qwen3:8b" }));
        api.registerMemoryRuntime({ getMemorySearchManager: () => "runtime", resolveMemoryBackendConfig() {} });
        api.registerMemoryCapability({ promptBuilder: () => ["new"] });`,
    });
    await bench.host.start();
    const memory = activeMemory(bench.host.registry.current(), "mem");
    expect(memory?.promptBuilder?.({ availableTools: new Set() })).toEqual(["new"]);
    expect(memory?.flushPlanResolver?.({})).toEqual({ model: "ollama/qwen3:8b" });
    expect(memory?.runtime?.getMemorySearchManager({} as never)).toBe("runtime");
    expect((await bench.host.inspect("mem"))?.compatibility.signal).toBe("compatibility advisory");
  });

  it("bound values keep the plugin's own objects, getters and private fields working", async () => {
    const bench = await started(`
      class Engine { #count = 0; id = "engine"; start() { return ++this.#count; } get lazy() { return this.#count; } data = { plain: [1] }; }
      globalThis.engine = Object.freeze(new Engine()); api.registerService(globalThis.engine);`);
    const value = bench.host.registry
      .current()
      .get<PluginService & { lazy: number; data: object }>("service", "engine")?.value;
    expect([value?.start({} as never), value?.start({} as never), value?.lazy]).toEqual([1, 2, 2]);
    expect(value?.data).toBe((seen["engine"] as { data: object }).data);
    expect(Object.keys(value ?? {})).toContain("data");
    expect("stop" in (value ?? {})).toBe(false);
  });
});

describe("shapes and signals", () => {
  const PROVIDER = `api.registerProvider({ id: "p", label: "P", auth: [] });`;
  const SPEECH = `api.registerSpeechProvider({ id: "s", label: "S", isConfigured: () => true, async synthesize() {} });`;
  it.each([
    [
      "[F147]",
      "plain-capability",
      "plain",
      "config valid",
      `${PROVIDER}api.registerCommand({ name: "c", description: "d", handler() {} });`,
    ],
    ["[F148]", "hybrid-capability", "hybrid", "config valid", PROVIDER + SPEECH],
    ["[F149] [F146]", "hook-only", "none", "compatibility advisory", `api.on("message_received", () => {});`],
    [
      "[F150]",
      "non-capability",
      "none",
      "config valid",
      `api.on("message_received", () => {}); api.registerService({ id: "s", start() {} });`,
    ],
    ["[F154] [F155]", "hook-only", "none", "legacy warning", `api.on("before_agent_start", () => {});`],
  ])("%s %s (%s, %s) from what was registered", async (_id, shape, capabilityMode, signal, register) => {
    // The manifest claims something else: only registrations count.
    const bench = await started(register, {}, { providers: ["a", "b"], channels: [] });
    const inspection = await bench.host.inspect("it");
    expect([inspection?.shape, inspection?.capabilityMode, inspection?.compatibility.signal]).toEqual([
      shape,
      capabilityMode,
      signal,
    ]);
  });

  it("[F145] [F151] [F152] [F153] [F156] inspection lists contributions, and a hard error is a signal of its own", async () => {
    const good = await started(`${PROVIDER + SPEECH}api.on("message_received", () => {}, { priority: 4 });`);
    expect(await good.host.inspect("it")).toMatchObject({
      status: "loaded",
      capabilityCount: 2,
      capabilities: [
        { kind: "text-inference", ids: ["p"] },
        { kind: "speech", ids: ["s"] },
      ],
      typedHooks: [{ name: "message_received", priority: 4 }],
      policy: { allowPromptInjection: true },
      compatibility: { signal: "config valid", notices: [] },
    });
    const bad = await started(`throw new Error("boom");`);
    expect((await bad.host.inspect("it"))?.compatibility).toMatchObject({
      signal: "hard error",
      notices: [{ severity: "error" }],
    });
    expect(await bad.host.inspect("nobody")).toBeUndefined();
  });

  it("[F188] inspecting a plugin that is not loaded shows which names it takes twice", async () => {
    const bench = await pluginBench();
    await bench.write("global", "twice", {
      register: `for (const handler of [() => ({}), () => ({})]) api.registerCommand({ name: "same", description: "d", handler });`,
      manifest: { activation: { onStartup: false } },
    });
    await bench.host.start();
    const report = await bench.host.inspect("twice");
    expect(report?.plugin.activated).toBe(false);
    expect(report?.diagnostics.map(({ code }) => code)).toEqual(["registration-duplicate"]);
  });

  it("[F164] inspecting a plugin that is not loaded registers it without effect", async () => {
    const bench = await pluginBench({ plugins: { entries: { lazy: { enabled: true } } } });
    await bench.write("global", "lazy", {
      manifest: { activation: { onStartup: false }, providers: ["p"] },
      register: `globalThis.lazyMode = api.registrationMode; ${PROVIDER}`,
    });
    await bench.host.start();
    const inspection = await bench.host.inspect("lazy");
    expect(seen["lazyMode"]).toBe("discovery");
    expect(inspection).toMatchObject({
      status: "loaded",
      shape: "plain-capability",
      plugin: { imported: false },
    });
    expect(bench.host.registry.current().ofPlugin("lazy")).toEqual([]);
  });
});
