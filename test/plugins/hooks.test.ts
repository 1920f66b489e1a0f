import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createLogger } from "../../src/kernel/logger.ts";
import { Redactor } from "../../src/kernel/redaction.ts";
import { LEGACY_HANDLER_LIMIT_MS } from "../../src/plugins/hooks/legacy-events.ts";
import { HOOK_TABLE } from "../../src/plugins/hooks/table.ts";
import { GATEWAY_START_WAIT_MS } from "../../src/plugins/publication.ts";
import { type PluginBench, pluginBench } from "./support/plugin-bench.ts";

const OPEN = { hooks: { allowConversationAccess: true } };

/** A bench with plugins given as `register` bodies, all with conversation access. */
async function withPlugins(
  bodies: Record<string, string>,
  entries: Record<string, object> = {},
  manifest: Record<string, unknown> = {},
): Promise<PluginBench> {
  const open = Object.fromEntries(Object.keys(bodies).map((id) => [id, OPEN]));
  const bench = await pluginBench({ plugins: { entries: { ...open, ...entries } } });
  for (const [id, register] of Object.entries(bodies))
    await bench.write("global", id, { register, manifest });
  await bench.host.start();
  return bench;
}

const TOOL_EVENT = { toolName: "exec", params: { command: "ls" } };
const TOOL_CONTEXT = { toolName: "exec" };

describe("typed hooks", () => {
  it("[F124] [F268] accepts every hook of the catalogue", async () => {
    const names = HOOK_TABLE.map(({ name }) => name);
    const bench = await withPlugins({ all: names.map((name) => `api.on("${name}", () => {});`).join("\n") });
    const [record] = bench.host.records();
    const loud = record?.diagnostics.filter(({ level }) => level !== "info");
    expect(loud?.map(({ code }) => code)).toEqual(["compat-before-agent-start"]);
    const waiting = record?.diagnostics.filter(({ code }) => code === "feature-accepted-not-consumed");
    expect(waiting).toHaveLength(HOOK_TABLE.filter(({ waitsFor }) => waitsFor !== undefined).length);
    expect(waiting?.map(({ message }) => message)).toContain(
      'hook "cron_changed" is stored; nothing calls it before this gateway has schedules',
    );
    expect(names.filter((name) => !bench.host.hooks.has(name))).toEqual([]);
    expect(names).toHaveLength(43);
  });

  it("[F268] every hook is called by the host, or says what it waits for", async () => {
    const callers = new Set<string>();
    const root = join(import.meta.dirname, "../../src");
    for (const room of ["runtime", "channels", "gateway", "plugins"]) {
      for (const file of await readdir(join(root, room), { recursive: true })) {
        if (!file.endsWith(".ts") || /^(hooks|authoring|manifest)\//.test(file)) continue;
        const source = await readFile(join(root, room, file), "utf8");
        for (const [, name] of source.matchAll(/"([a-z]+(?:_[a-z]+)+)"/g)) callers.add(name as string);
      }
    }
    const waiting = HOOK_TABLE.filter(({ waitsFor }) => waitsFor !== undefined).map(({ name }) => name);
    expect(waiting.filter((name) => callers.has(name))).toEqual([]);
    expect(
      HOOK_TABLE.map(({ name }) => name).filter((name) => !callers.has(name) && !waiting.includes(name)),
    ).toEqual([]);
  });

  it("[F124] runs higher priorities first and ties in registration order", async () => {
    const bench = await withPlugins({
      a: `globalThis.order = []; for (const [name, priority] of [["low", -1], ["first", 0], ["second", 0], ["high", 9]])
            api.on("before_dispatch", () => { globalThis.order.push(name); }, { priority });`,
    });
    await bench.host.hooks.run("before_dispatch", { content: "x" }, { channelId: "c" });
    expect((globalThis as { order?: string[] }).order).toEqual(["high", "first", "second", "low"]);
  });

  it("[F269] an unknown hook is a warning, and an older name of a hook still works", async () => {
    const bench = await withPlugins({
      a: `api.on("no_such_hook", () => {}); api.on("deactivate", () => { globalThis.stopped = true; });`,
    });
    await bench.host.hooks.run("gateway_stop", {}, {});
    expect((globalThis as { stopped?: boolean }).stopped).toBe(true);
    const codes = bench.host.records()[0]?.diagnostics.map(({ code }) => code);
    expect(codes).toEqual(["hook-unknown", "compat-hook-alias"]);
  });

  it("[F126] before_tool_call: block true is terminal, block false is no decision, the last params win", async () => {
    const bench = await withPlugins({
      a: `api.on("before_tool_call", ({ params }) => ({ block: false, params: { command: params.command + " -a" } }), { priority: 3 });
          api.on("before_tool_call", ({ params }) => ({ params: { command: params.command + " -b" } }), { priority: 2 });`,
    });
    expect(await bench.host.hooks.run("before_tool_call", TOOL_EVENT, TOOL_CONTEXT)).toEqual({
      params: { command: "ls -b" },
    });
    expect(TOOL_EVENT.params).toEqual({ command: "ls" });

    const blocked = await withPlugins({
      a: `api.on("before_tool_call", () => ({ block: true, blockReason: "not today" }), { priority: 1 });
          api.on("before_tool_call", () => { globalThis.askedAfterBlock = true; });`,
    });
    expect(await blocked.host.hooks.run("before_tool_call", TOOL_EVENT, TOOL_CONTEXT)).toMatchObject({
      block: true,
      blockReason: "not today",
    });
    expect((globalThis as { askedAfterBlock?: boolean }).askedAfterBlock).toBeUndefined();
  });

  it("[F270] before_tool_call: the first approval request freezes the params and carries the plugin's id", async () => {
    const bench = await withPlugins({
      a: `api.on("before_tool_call", () => ({ params: { command: "frozen" }, requireApproval: { title: "t", description: "d", pluginId: "forged" } }), { priority: 2 });
          api.on("before_tool_call", () => ({ params: { command: "changed" }, requireApproval: { title: "second", description: "d" } }), { priority: 1 });`,
    });
    expect(await bench.host.hooks.run("before_tool_call", TOOL_EVENT, TOOL_CONTEXT)).toEqual({
      params: { command: "frozen" },
      requireApproval: { title: "t", description: "d", pluginId: "a" },
    });
  });

  it.each([
    ["throws", `throw new Error("broken check")`],
    ["is late", "return new Promise(() => {})"],
  ])("[F269] before_tool_call fails closed when a handler %s", async (_how, body) => {
    const bench = await withPlugins({ a: `api.on("before_tool_call", () => { ${body}; });` });
    const running = bench.host.hooks.run("before_tool_call", TOOL_EVENT, TOOL_CONTEXT);
    await bench.clock.advance(0);
    await bench.clock.advance(15_000);
    expect(await running).toMatchObject({ block: true });
    expect(bench.clock.armed).toBe(0);
  });

  it("[F269] a tool matcher selects by canonical id", async () => {
    const bench = await withPlugins({
      a: `api.on("before_tool_call", () => ({ block: true }), { matcher: ["read"] });`,
    });
    expect(await bench.host.hooks.run("before_tool_call", TOOL_EVENT, TOOL_CONTEXT)).toBeUndefined();
    expect(
      await bench.host.hooks.run("before_tool_call", { ...TOOL_EVENT, toolName: "read" }, TOOL_CONTEXT),
    ).toMatchObject({ block: true });
  });

  it("[F127] before_install: findings add up, block true is terminal, false decides nothing, failure blocks", async () => {
    const event = {
      targetType: "plugin",
      targetName: "x",
      sourcePath: "/x",
      sourcePathKind: "directory",
      request: { kind: "plugin-dir", mode: "install" },
    };
    const run = (bench: PluginBench) =>
      bench.host.hooks.run("before_install", event, { targetType: "plugin", requestKind: "plugin-dir" });
    const open = await withPlugins({
      a: `api.on("before_install", () => ({ findings: [{ id: 1 }], block: false })); api.on("before_install", () => ({ findings: [{ id: 2 }] }));`,
    });
    expect(await run(open)).toEqual({ findings: [{ id: 1 }, { id: 2 }] });
    const closed = await withPlugins({
      a: `api.on("before_install", () => { throw new Error("scanner down"); });`,
    });
    expect(await run(closed)).toMatchObject({ block: true });
  });

  it("[F130] [F132] message_sending: content chains by priority, cancel true ends, cancel false is no decision", async () => {
    const bench = await withPlugins({
      a: `api.on("message_sending", ({ content, threadId, replyToId }) => ({ content: content + "|" + threadId + "|" + replyToId, cancel: false }));`,
      b: `api.on("message_sending", () => ({ cancel: true, cancelReason: "quiet hours" }), { priority: -1 });
          api.on("message_sending", () => { globalThis.askedAfterCancel = true; }, { priority: -2 });`,
    });
    const event = { to: "#room", content: "hi", threadId: "t1", replyToId: "m1" };
    expect(await bench.host.hooks.run("message_sending", event, { channelId: "irc" })).toEqual({
      content: "hi|t1|m1",
      cancel: true,
      cancelReason: "quiet hours",
    });
    expect((globalThis as { askedAfterCancel?: boolean }).askedAfterCancel).toBeUndefined();
  });

  it("[F131] message_received carries a typed threadId beside metadata", async () => {
    const bench = await withPlugins({
      a: `api.on("message_received", (event) => { globalThis.seen = [event.threadId, event.metadata]; });`,
    });
    await bench.host.hooks.run(
      "message_received",
      { from: "u", content: "c", threadId: "77", metadata: { color: "red" } },
      { channelId: "c" },
    );
    expect((globalThis as { seen?: unknown }).seen).toEqual(["77", { color: "red" }]);
  });

  it("[F129] reply_dispatch and before_dispatch: the first that handles ends the run; a failure asks the next", async () => {
    const bench = await withPlugins({
      a: `api.on("before_dispatch", () => { throw new Error("x"); }, { priority: 3 });
          api.on("before_dispatch", () => ({ handled: false }), { priority: 2 });
          api.on("before_dispatch", () => ({ handled: true, text: "mine" }), { priority: 1 });
          api.on("before_dispatch", () => ({ handled: true, text: "never" }));
          api.on("reply_dispatch", () => ({ handled: true, queuedFinal: true, counts: { tool: 0, block: 0, final: 1 } }), { eligibleDispatchKinds: ["acp"] });`,
    });
    expect(await bench.host.hooks.run("before_dispatch", { content: "x" }, { channelId: "c" })).toMatchObject(
      { text: "mine" },
    );
    const reply = (dispatchKind: string) =>
      bench.host.hooks.run("reply_dispatch", { ctx: {}, sendPolicy: "allow" }, { dispatchKind });
    expect(await reply("agent")).toBeUndefined();
    expect(await reply("acp")).toMatchObject({ handled: true, queuedFinal: true });
  });

  it("[F135] prompt contexts concatenate in order, the first system prompt wins, tool lists are kept", async () => {
    const bench = await withPlugins({
      a: `api.on("before_prompt_build", () => ({ prependContext: "A", systemPrompt: "first", toolsAllow: ["x", "y"] }), { priority: 1 });`,
      b: `api.on("before_prompt_build", (event) => { event.messages.push("leak"); return { prependContext: "B", systemPrompt: "second", toolsAllow: ["y", "z"] }; });`,
    });
    const messages: unknown[] = [];
    expect(await bench.host.hooks.run("before_prompt_build", { prompt: "p", messages }, {})).toEqual({
      prependContext: "A\n\nB",
      systemPrompt: "first",
      toolsAllow: [
        ["x", "y"],
        ["y", "z"],
      ],
    });
    expect(messages).toEqual([]);
    expect(
      await bench.host.hooks.run("agent_turn_prepare", { prompt: "p", messages, queuedInjections: [] }, {}),
    ).toBeUndefined();
  });

  it("[F130] [F136] fields of the wrong type are as good as not returned", async () => {
    const bench = await withPlugins({
      a: `api.on("before_model_resolve", () => ({ modelOverride: 5, providerOverride: {} })); api.on("before_model_resolve", () => ({ modelOverride: "m" }));
          api.on("message_sending", () => ({ content: "text", metadata: { a: 1 } })); api.on("message_sending", () => ({ content: 42, metadata: "x" }));
          api.on("before_prompt_build", () => ({ systemPrompt: 7, prependContext: ["x"] }));`,
    });
    const { hooks } = bench.host;
    expect(await hooks.run("before_model_resolve", { prompt: "p" }, {})).toEqual({ modelOverride: "m" });
    const sent = await hooks.run("message_sending", { to: "a", content: "b" }, { channelId: "c" });
    expect(sent).toEqual({ content: "text", metadata: { a: 1 } });
    expect(await hooks.run("before_prompt_build", { prompt: "p", messages: [] }, {})).toBeUndefined();
  });

  it("[F136] before_model_resolve: the first defined override of each field wins", async () => {
    const bench = await withPlugins({
      a: `api.on("before_model_resolve", () => ({ modelOverride: "m1" })); api.on("before_model_resolve", () => ({ modelOverride: "m2", providerOverride: "p2" }));`,
    });
    expect(await bench.host.hooks.run("before_model_resolve", { prompt: "p" }, {})).toEqual({
      modelOverride: "m1",
      providerOverride: "p2",
    });
  });

  it("[F137] before_agent_start still works, sees no messages without conversation access, and warns", async () => {
    const body = `api.on("before_agent_start", (event) => { globalThis.legacyEvent = Object.keys(event);
      return { modelOverride: "legacy", prependContext: "legacy" }; });`;
    const event = { prompt: "p", messages: [] };
    const bench = await withPlugins({ a: body }, { a: {} });
    expect(await bench.host.hooks.run("before_agent_start", event, { runId: "r1" })).toEqual({
      modelOverride: "legacy",
      prependContext: "legacy",
    });
    expect((globalThis as { legacyEvent?: string[] }).legacyEvent).toEqual(["prompt"]);
    expect((await bench.host.inspect("a"))?.compatibility.signal).toBe("legacy warning");
  });

  it("[F112] allowPromptInjection false turns prompt hooks off and strips prompt fields of the legacy hook", async () => {
    const body = `for (const name of ["agent_turn_prepare", "before_prompt_build", "heartbeat_prompt_contribution"]) api.on(name, () => ({ prependContext: name }));
      api.on("before_agent_start", () => ({ modelOverride: "m", prependContext: "x" }));`;
    const bench = await withPlugins(
      { a: body },
      { a: { hooks: { allowPromptInjection: false, allowConversationAccess: true } } },
    );
    const codes = bench.host.records()[0]?.diagnostics.map(({ code }) => code);
    expect(codes?.filter((code) => code === "hook-blocked-prompt-injection")).toHaveLength(3);
    expect(
      await bench.host.hooks.run("before_prompt_build", { prompt: "p", messages: [] }, {}),
    ).toBeUndefined();
    expect(await bench.host.hooks.run("before_agent_start", { prompt: "p" }, {})).toEqual({
      modelOverride: "m",
    });
  });

  it("[F111] conversation hooks of installed plugins need allowConversationAccess; bundled ones only lose it by false", async () => {
    const bench = await pluginBench({
      plugins: { entries: { shut: { hooks: { allowConversationAccess: false } } } },
    });
    const register = `api.on("llm_input", () => {}); api.on("message_received", () => {});`;
    await bench.write("global", "outside", { register });
    await bench.write("bundled", "inside", { register, manifest: { enabledByDefault: true } });
    await bench.write("bundled", "shut", { register, manifest: { enabledByDefault: true } });
    await bench.host.start();
    const hooks = (id: string) =>
      bench.host.registry
        .current()
        .ofPlugin(id)
        .map(({ key }) => key);
    expect([hooks("outside"), hooks("inside"), hooks("shut")]).toEqual([
      ["message_received"],
      ["llm_input", "message_received"],
      ["message_received"],
    ]);
  });

  it("[F269] before_agent_run: the first block wins and anything invalid blocks", async () => {
    const run = async (body: string) =>
      (await withPlugins({ a: `api.on("before_agent_run", () => { ${body} });` })).host.hooks.run(
        "before_agent_run",
        { prompt: "p", messages: [] },
        {},
      );
    expect(await run(`return { outcome: "pass" };`)).toBeUndefined();
    expect(await run("")).toBeUndefined();
    expect(await run(`return { outcome: "block", reason: "policy", message: "No." };`)).toMatchObject({
      outcome: "block",
      reason: "policy",
      message: "No.",
      pluginId: "a",
    });
    expect(await run(`return { outcome: "maybe" };`)).toMatchObject({ outcome: "block" });
    expect(await run(`return "yes";`)).toMatchObject({ outcome: "block" });
    expect(await run(`throw new Error("x");`)).toMatchObject({ outcome: "block" });
  });

  it("[F268] synchronous hooks chain the message, ignore promises and can stop a write", async () => {
    const bench = await withPlugins({
      a: `api.on("before_message_write", async () => ({ block: true }));
          api.on("before_message_write", ({ message }) => ({ message: { ...message, a: 1 } }));
          api.on("before_message_write", ({ message }) => message.a ? { message: { ...message, b: 2 } } : undefined);
          api.on("tool_result_persist", () => { throw new Error("ignored"); });`,
    });
    const message = { role: "user", content: "c" };
    expect(bench.host.hooks.runSync("before_message_write", { message }, {})).toEqual({
      message: { ...message, a: 1, b: 2 },
    });
    expect(bench.host.hooks.runSync("tool_result_persist", { message }, {})).toBeUndefined();
    const codes = (await bench.host.inspect("a"))?.diagnostics.map(({ code }) => code);
    expect(codes).toEqual(["hook-async-result-ignored"]);
    const stopping = await withPlugins({ a: `api.on("before_message_write", () => ({ block: true }));` });
    expect(stopping.host.hooks.runSync("before_message_write", { message }, {})).toEqual({ block: true });
  });

  it("[F268] resolve_exec_env merges variables and drops those that could hijack the command", async () => {
    const bench = await withPlugins({
      a: `api.on("resolve_exec_env", () => ({ A: "1", B: "1", PATH: "/evil", LD_PRELOAD: "x", NODE_OPTIONS: "x", https_proxy: "x", "bad name": "x" }));
          api.on("resolve_exec_env", () => ({ B: "2" }));`,
    });
    expect(await bench.host.hooks.run("resolve_exec_env", { toolName: "exec", host: "gateway" }, {})).toEqual(
      { A: "1", B: "2" },
    );
  });

  it("[F269] operator budgets win over the plugin's wish and the table", async () => {
    const bench = await withPlugins(
      { a: `api.on("message_sending", () => new Promise(() => {}), { timeoutMs: 10_000 });` },
      { a: { hooks: { allowConversationAccess: true, timeoutMs: 500, timeouts: { message_sending: 100 } } } },
    );
    const running = bench.host.hooks.run("message_sending", { to: "a", content: "b" }, { channelId: "c" });
    await bench.clock.advance(0);
    await bench.clock.advance(100);
    expect(await running).toBeUndefined();
  });

  it("[F269] observers run side by side, at most sixteen, and the queue drops beyond its bound", async () => {
    const bench = await withPlugins({
      a: `globalThis.observed = { now: 0, peak: 0, all: 0, finish: [] };
          api.on("message_sent", () => { const o = globalThis.observed; o.all++; o.peak = Math.max(o.peak, ++o.now);
            return new Promise((resolve) => o.finish.push(() => { o.now--; resolve(); })); });`,
    });
    const state = (
      globalThis as unknown as { observed: { peak: number; all: number; finish: (() => void)[] } }
    ).observed;
    const event = { to: "a", content: "b", success: true };
    const runs = Array.from({ length: 300 }, () =>
      bench.host.hooks.run("message_sent", event, { channelId: "c" }),
    );
    await bench.clock.advance(0);
    expect([state.peak, state.all]).toEqual([16, 16]);
    while (state.finish.length > 0) {
      state.finish.shift()?.();
      await bench.clock.advance(0);
    }
    await Promise.all(runs);
    expect([state.peak, state.all]).toEqual([16, 16 + 256]);
  });

  it("[F269] observers of one plugin that never end keep neither others nor its own gateway_stop waiting", async () => {
    const bench = await withPlugins({
      stuck: `api.on("message_sent", () => new Promise(() => {})); api.on("gateway_stop", () => { globalThis.stuckStopped = true; });`,
      fine: `globalThis.fineHeard = 0; api.on("message_sent", () => { globalThis.fineHeard++; });`,
    });
    const event = { to: "a", content: "b", success: true };
    for (let sent = 0; sent < 40; sent++)
      void bench.host.hooks.run("message_sent", event, { channelId: "c" });
    await bench.clock.advance(0);
    await bench.host.hooks.run("gateway_stop", {}, {});
    const seen = globalThis as { stuckStopped?: boolean; fineHeard?: number };
    expect([seen.fineHeard, seen.stuckStopped]).toEqual([40, true]);
  });

  it("[F133] a handler of gateway_start that never ends does not keep the gateway from having started", async () => {
    const bench = await withPlugins({ stuck: `api.on("gateway_start", () => new Promise(() => {}));` });
    let over = false;
    const announced = bench.host
      .announceStart({ port: 1 }, () => ({}))
      .then(() => {
        over = true;
      });
    await bench.clock.advance(GATEWAY_START_WAIT_MS - 1);
    expect(over).toBe(false);
    await bench.clock.advance(1);
    await announced;
  });

  it("[F067] a colon handler that never ends keeps the next one waiting for its limit and no longer", async () => {
    const bench = await withPlugins({
      stuck: `api.registerHook("command:new", () => new Promise(() => {}), { name: "stuck" });
        api.registerHook("command:new", (event) => { event.messages.push("heard"); }, { name: "next" });`,
    });
    const told = bench.host.hooks.announce({ type: "command", action: "new", sessionKey: "s", context: {} });
    await bench.clock.advance(0);
    await bench.clock.advance(LEGACY_HANDLER_LIMIT_MS);
    expect(await told).toEqual(["heard"]);
  });

  it("[F269] log lines of failing hooks are short, single and without secrets", async () => {
    const redactor = new Redactor();
    redactor.add("hunter2hunter2");
    const lines: string[] = [];
    const logger = createLogger({ level: "debug", redactor, write: (line) => void lines.push(line) });
    const bench = await pluginBench({}, { logger });
    await bench.write("global", "a", {
      register: `api.on("message_sent", () => { throw new Error("hunter2hunter2\\n" + "x".repeat(5_000)); });`,
    });
    await bench.host.start();
    await bench.host.hooks.run("message_sent", { to: "a", content: "b", success: true }, { channelId: "c" });
    const line = lines.find((text) => text.includes("message_sent"));
    expect(JSON.parse(line as string).msg.length).toBeLessThanOrEqual(500);
    expect(line).not.toContain("hunter2");
    await bench.write("global", "b", {
      register: `api.on("before_tool_call", () => { throw new Error("key hunter2hunter2 refused"); });`,
    });
    bench.config.set({ plugins: { entries: { b: { enabled: true } } } });
    await bench.host.applyConfig();
    const refusal = await bench.host.hooks.run("before_tool_call", TOOL_EVENT, TOOL_CONTEXT);
    expect(refusal).toMatchObject({ block: true });
    expect(JSON.stringify(refusal)).not.toContain("hunter2");
  });
});

describe("a plugin that is reloaded while hooks are asked", () => {
  const GATE = `api.registerTrustedToolPolicy({ id: "cap", description: "d", evaluate: ({ params }) => ({ params: { ...params, cap: globalThis.made } }) });
    api.on("before_tool_call", ({ params }) => ({ params: { ...params, gate: globalThis.made } }));
    api.on("before_dispatch", () => ({ handled: true, text: "by " + globalThis.made }));
    globalThis.made = (globalThis.made ?? 0) + 1;`;
  const FIRST = `const wait = () => new Promise((resolve) => { globalThis.goOn = resolve; });
    api.registerTrustedToolPolicy({ id: "slow", description: "d", evaluate: wait }); api.on("before_dispatch", wait, { priority: 1 });`;

  async function interrupted(then: (bench: PluginBench) => Promise<void>, hook: string, event: object) {
    const state = globalThis as { goOn?: () => void; made?: number };
    delete state.made;
    const entries = Object.fromEntries(["a-slow", "gate"].map((id) => [id, { enabled: true }]));
    const contracts = { trustedToolPolicies: ["slow", "cap"] };
    const bench = await withPlugins({ "a-slow": FIRST, gate: GATE }, entries, { contracts });
    const run = bench.host.hooks.run(hook, event, TOOL_CONTEXT);
    await then(bench);
    state.goOn?.();
    return run;
  }

  it("[F126] its new handlers and policies decide in the place of the old ones", async () => {
    const reload = (bench: PluginBench) => bench.host.reload("gate");
    expect(await interrupted(reload, "before_tool_call", TOOL_EVENT)).toEqual({
      params: { command: "ls", cap: 2, gate: 2 },
    });
    expect(await interrupted(reload, "before_dispatch", { content: "x" })).toMatchObject({ text: "by 2" });
  });

  it("[F126] one that is turned off meanwhile decides nothing any more", async () => {
    const off = async (bench: PluginBench) => {
      bench.config.set({ plugins: { entries: { "a-slow": { enabled: true }, gate: { enabled: false } } } });
      await bench.host.applyConfig();
    };
    expect(await interrupted(off, "before_tool_call", TOOL_EVENT)).toBeUndefined();
  });
});

describe("trusted tool policies", () => {
  const POLICY = (id: string, body: string) =>
    `api.registerTrustedToolPolicy({ id: "${id}", description: "d", evaluate(event) { ${body} } });`;

  it("[F096] [F097] [F098] run before ordinary hooks, bundled first, rewrite params or block, and fail closed", async () => {
    const bench = await pluginBench({ plugins: { entries: { outside: { enabled: true } } } });
    const manifest = { contracts: { trustedToolPolicies: ["p"] }, enabledByDefault: true };
    await bench.write("global", "outside", {
      manifest,
      register: `${POLICY("p", `return { params: { command: event.params.command + " outside" } };`)}
        api.on("before_tool_call", ({ params }) => ({ params: { command: params.command + " hook" } }));`,
    });
    await bench.write("bundled", "inside", {
      manifest,
      register: POLICY("p", `return { params: { command: event.params.command + " inside" } };`),
    });
    await bench.host.start();
    expect(await bench.host.hooks.run("before_tool_call", TOOL_EVENT, TOOL_CONTEXT)).toEqual({
      params: { command: "ls inside outside hook" },
    });
    for (const body of [`return { allow: false, reason: "no" };`, `throw new Error("no");`]) {
      const strict = await pluginBench();
      await strict.write("bundled", "inside", { manifest, register: POLICY("p", body) });
      await strict.host.start();
      expect(await strict.host.hooks.run("before_tool_call", TOOL_EVENT, TOOL_CONTEXT)).toMatchObject({
        block: true,
      });
    }
  });

  it("[F097] an installed plugin needs explicit enablement and the contract", async () => {
    const bench = await pluginBench({ plugins: { entries: { undeclared: { enabled: true } } } });
    await bench.write("global", "implicit", {
      manifest: { contracts: { trustedToolPolicies: ["p"] } },
      register: POLICY("p", ""),
    });
    await bench.write("global", "undeclared", {
      manifest: { contracts: { tools: [] } },
      register: POLICY("p", ""),
    });
    await bench.host.start();
    const refusals = bench.host
      .records()
      .map(({ diagnostics }) => diagnostics.map(({ code, message }) => [code, message]));
    expect(refusals[0]?.[0]?.[0]).toBe("explicit-enablement-required");
    expect(refusals[0]?.[0]?.[1]).toContain("plugins.entries.implicit.enabled");
    expect(refusals[1]?.[0]).toEqual([
      "contract-undeclared",
      'registerTrustedToolPolicy: list "p" in "contracts.trustedToolPolicies" of the manifest',
    ]);
    expect(bench.host.hooks.has("before_tool_call")).toBe(false);
  });
});
