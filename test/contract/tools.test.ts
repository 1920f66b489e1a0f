import { describe, expect, it } from "vitest";
import { WireClient } from "../gateway/support/wire-client.ts";
import { callsOf, contract } from "./support.ts";

/** A tool that remembers what it was really called with. */
const PAY = `api.registerTool({ name: "pay", description: "Pays.",
  parameters: { type: "object", properties: { amount: { type: "number" } } },
  execute: async (id, params) => { seen.push({ paid: params }); return { content: [{ type: "text", text: "paid " + params.amount }] }; } });`;
const TOOLS = { contracts: { tools: ["pay"] } };

describe("tool calls", () => {
  it("[F096, F097, F126] policies rewrite first, hooks after them, and a block is final", async () => {
    const { say, seen } = await contract({
      register: `${PAY}
        api.registerTrustedToolPolicy({ id: "cap", description: "Caps amounts.", matcher: ["pay"],
          evaluate: ({ params }) => ({ params: { amount: Math.min(params.amount, 100) } }) });
        api.on("before_tool_call", ({ params }) => { seen.push({ hook: params }); if (params.amount === 13) return { block: true, blockReason: "unlucky" }; return { block: false }; });
        api.on("after_tool_call", (event) => { seen.push({ after: event.params, error: event.error }); });`,
      manifest: { contracts: { tools: ["pay"], trustedToolPolicies: ["cap"] } },
    });
    expect(await say('/tool pay {"amount": 500}')).toContain("paid 100");
    expect(await say('/tool pay {"amount": 13}')).toContain("unlucky");
    const all = await seen();
    expect(all.slice(0, 2)).toEqual([{ hook: { amount: 100 } }, { paid: { amount: 100 } }]);
    expect(all.filter((one) => one.paid)).toHaveLength(1);
  });

  it("[F126] an approval runs the call as it was when it was asked for", async () => {
    const { gateway, say, call, seen } = await contract({
      register: `${PAY}
        api.on("before_tool_call", ({ params }) => ({
          params: { amount: params.amount + 1 },
          requireApproval: { title: "Pay?", description: "Pays " + params.amount, severity: "critical",
            onResolution: (decision) => { seen.push({ decision }); } },
        }));
        api.on("before_tool_call", () => ({ params: { amount: 9999 } }), { priority: -1 });`,
      manifest: TOOLS,
    });
    const reviewer = await WireClient.open(gateway.url, { scopes: ["operator.approvals"] });
    const answer = say('/tool pay {"amount": 5}');
    const { payload } = await reviewer.event("plugin.approval.requested");
    expect(payload).toMatchObject({
      id: expect.stringMatching(/^plugin:/),
      request: {
        pluginId: "probe",
        title: "Pay?",
        toolName: "pay",
        severity: "critical",
        sessionKey: "agent:main:main",
      },
      expiresAtMs: payload.createdAtMs + 120_000,
    });
    expect((await reviewer.call("plugin.approval.list")).payload).toMatchObject([{ id: payload.id }]);
    const decide = (decision: string) =>
      reviewer.call("plugin.approval.resolve", { id: payload.id, decision });
    expect((await decide("allow-once")).payload).toEqual({ ok: true });
    expect(await answer).toContain("paid 6");
    expect((await reviewer.event("plugin.approval.resolved")).payload).toMatchObject({
      id: payload.id,
      decision: "allow-once",
    });
    expect((await decide("allow-once")).ok).toBe(true);
    expect((await decide("deny")).error.message).toBe("approval already resolved");
    expect((await call("plugin.approval.waitDecision", { id: payload.id })).decision).toBe("allow-once");
    expect(await seen()).toEqual([{ paid: { amount: 6 } }, { decision: "allow-once" }].reverse());
  });

  it("[F126] a denied, late or unroutable approval blocks the call and tells the plugin", async () => {
    const { gateway, say, seen } = await contract({
      register: `${PAY}
        api.on("before_tool_call", ({ params }) => ({ requireApproval: { title: "Pay?", description: "",
          timeoutMs: params.amount, timeoutReason: "nobody looked",
          allowedDecisions: ["allow-once", "deny"],
          onResolution: (decision) => { seen.push(decision); } } }));`,
      manifest: TOOLS,
    });
    const reviewer = await WireClient.open(gateway.url, { scopes: ["operator.approvals"] });
    const denied = say('/tool pay {"amount": 60000}');
    const { payload } = await reviewer.event("plugin.approval.requested");
    const resolve = (params: object) =>
      reviewer.call("plugin.approval.resolve", { id: payload.id, ...params });
    expect((await resolve({ decision: "allow-always" })).error.message).toContain("allow-once, deny");
    expect((await resolve({ decision: "maybe" })).error.code).toBe("INVALID_REQUEST");
    await resolve({ decision: "deny" });
    expect(await denied).toContain("The call was denied.");
    expect(await say('/tool pay {"amount": 20}')).toContain("nobody looked");
    expect(await seen()).toEqual(["deny", "timeout"]);
    const unknown = await reviewer.call("plugin.approval.waitDecision", { id: "plugin:unknown" });
    expect(unknown.error).toMatchObject({
      code: "INVALID_REQUEST",
      details: { reason: "APPROVAL_NOT_FOUND" },
    });
  });

  it("[F126] an approval ends as cancelled when its turn is stopped, and needs somebody to ask", async () => {
    const { gateway, call, seen } = await contract({
      register: `${PAY}
        api.on("before_tool_call", () => ({ requireApproval: { title: "Pay?", description: "",
          onResolution: (decision) => { seen.push(decision); } } }));`,
      manifest: TOOLS,
    });
    const reviewer = await WireClient.open(gateway.url, { scopes: ["operator.approvals"] });
    await call("chat.send", { sessionKey: "main", message: "/tool pay {}", idempotencyKey: "stopped" });
    await reviewer.event("plugin.approval.requested");
    await call("chat.abort", { sessionKey: "main" });
    expect((await reviewer.event("plugin.approval.resolved")).payload.decision).toBeNull();
    expect(await seen()).toEqual(["cancelled"]);
  });

  it("[F126] without anybody who may decide an approval is refused at once", async () => {
    const { gateway, client } = await contract({
      register: `${PAY}
        api.on("before_tool_call", () => ({ requireApproval: { title: "Pay?", description: "",
          onResolution: (decision) => { seen.push(decision); } } }));`,
      manifest: TOOLS,
    });
    client.socket.close();
    await client.closed;
    const writer = callsOf(await WireClient.open(gateway.url, { scopes: ["operator.write"] }));
    expect(await writer.say("/tool pay {}")).toContain("nobody is there");
    expect(await writer.seen()).toEqual(["cancelled"]);
  });

  it("[F126] an approval that says nothing blocks; one that says little is asked as well as it can be", async () => {
    const { say, gateway } = await contract({
      register: `${PAY}
        api.on("before_tool_call", ({ params }) => ({ requireApproval: params.amount === 1 ? true : { timeoutMs: Number.NaN } }));`,
      manifest: TOOLS,
    });
    const reviewer = await WireClient.open(gateway.url, { scopes: ["operator.approvals"] });
    expect(await say('/tool pay {"amount": 1}')).toContain("asked for an approval that says nothing");
    const answer = say('/tool pay {"amount": 2}');
    const { payload } = await reviewer.event("plugin.approval.requested");
    expect(payload).toMatchObject({ request: { title: "Call pay?", severity: "warning" } });
    expect(payload.expiresAtMs - payload.createdAtMs).toBe(120_000);
    await reviewer.call("plugin.approval.resolve", { id: payload.id, decision: "allow-once" });
    expect(await answer).toContain("paid 2");
  });

  it("[F126] /approve in the chat decides while the turn waits, for those who may", async () => {
    const { gateway, say, call, client } = await contract({
      register: `${PAY}
        api.on("before_tool_call", () => ({ requireApproval: { title: "Pay?", description: "" } }));`,
      manifest: TOOLS,
    });
    const answer = say('/tool pay {"amount": 5}');
    const { id } = (await client.event("plugin.approval.requested")).payload;
    const writer = await WireClient.open(gateway.url, { scopes: ["operator.write"] });
    const message = { sessionKey: "main", message: `/approve ${id} allow-once`, idempotencyKey: "decide" };
    expect((await writer.call("chat.send", message)).error.code).toBe("FORBIDDEN");
    expect(await call("chat.send", message)).toMatchObject({ status: "ok", summary: "approval" });
    expect(await answer).toContain("paid 5");
  });

  it("[F066] a plugin describes its own tool to people, and nobody else's", async () => {
    const { gateway, say } = await contract([
      {
        register: `${PAY}
          api.registerToolMetadata({ toolName: "pay", displayName: "Pay somebody", risk: "high", tags: ["money"] });
          api.on("before_tool_call", () => ({ requireApproval: { title: "Pay?", description: "" } }));`,
        manifest: TOOLS,
      },
      { id: "other", register: `api.registerToolMetadata({ toolName: "pay", risk: "low" });` },
    ]);
    const reviewer = await WireClient.open(gateway.url, { scopes: ["operator.approvals"] });
    const answer = say('/tool pay {"amount": 5}');
    const { payload } = await reviewer.event("plugin.approval.requested");
    expect(payload.request.tool).toEqual({ displayName: "Pay somebody", risk: "high", tags: ["money"] });
    await reviewer.call("plugin.approval.resolve", { id: payload.id, decision: "allow-once" });
    expect(await answer).toContain("paid 5");
  });

  it("plugins and operators ask for decisions by RPC, in one phase or two", async () => {
    const { gateway, client } = await contract({ register: "" });
    const reviewer = await WireClient.open(gateway.url, { scopes: ["operator.approvals"] });
    client.send({
      type: "req",
      id: "ask",
      method: "plugin.approval.request",
      params: { title: "Go?", twoPhase: true, pluginId: "p" },
    });
    const first = await client.next((frame) => frame.id === "ask");
    expect(first.payload).toMatchObject({ status: "accepted", deliveryRoute: "approval-client" });
    await reviewer.call("plugin.approval.resolve", {
      id: first.payload.id.slice(0, 20),
      decision: "allow-always",
    });
    const last = await client.next((frame) => frame.id === "ask" && frame.payload.decision !== undefined);
    expect(last.payload).toMatchObject({ id: first.payload.id, decision: "allow-always" });
    const weak = await WireClient.open(gateway.url, { scopes: ["operator.write"] });
    expect((await weak.call("plugin.approval.list")).error.code).toBe("FORBIDDEN");
  });

  it("[F081, F082, F098] middleware of an enabled plugin rewrites what the model sees; its failure fails the call", async () => {
    const { say } = await contract({
      register: `${PAY}
        api.registerAgentToolResultMiddleware((event) => {
          if (event.args.amount === 2) throw new Error("middleware broke");
          return { result: { content: [{ type: "text", text: event.result.content[0].text + ", seen by " + event.toolName }] } };
        }, { matcher: ["pay"] });`,
      manifest: { contracts: { tools: ["pay"], agentToolResultMiddleware: ["openclaw"] } },
    });
    expect(await say('/tool pay {"amount": 1}')).toContain("pay returned: paid 1, seen by pay");
    expect(await say('/tool pay {"amount": 2}')).toContain("pay failed:");
  });

  it("[F081] the same middleware registered twice is one, for the tools and runtimes of both", async () => {
    const { say, call } = await contract({
      register: `${PAY}
        const mark = (name) => ({ result }) => ({ result: { content: [{ type: "text", text: result.content[0].text + name }] } });
        const twice = mark(" A");
        api.registerAgentToolResultMiddleware(twice, { matcher: ["other"], runtimes: ["codex"] });
        api.registerAgentToolResultMiddleware(mark(" B"));
        api.registerAgentToolResultMiddleware(twice, { matcher: ["pay"], runtimes: ["openclaw"] });`,
      manifest: { contracts: { tools: ["pay"], agentToolResultMiddleware: ["openclaw", "codex"] } },
    });
    expect(await say('/tool pay {"amount": 1}')).toContain("paid 1 A B");
    const { contributions } = await call("plugins.inspect", { pluginId: "probe" });
    expect(contributions.agentToolResultMiddleware).toEqual(["probe", "probe"]);
  });

  it("[F081] middleware that is later than the operator allows fails the call", async () => {
    const { say } = await contract({
      register: `${PAY} api.registerAgentToolResultMiddleware(() => new Promise(() => {}));`,
      manifest: { contracts: { tools: ["pay"], agentToolResultMiddleware: ["openclaw"] } },
      entry: { hooks: { timeoutMs: 50 } },
    });
    expect(await say('/tool pay {"amount": 1}')).toContain(
      "pay failed: the tool-result middleware of plugin",
    );
  });

  it("[F101, F102, F103] subscriptions hear runs, keep data for a run, and plugins add events of their own", async () => {
    const { say, seen, client } = await contract({
      register: `
        api.agent.events.registerAgentEventSubscription({ id: "watch", streams: ["lifecycle"], handle(event, ctx) {
          const phases = [...(ctx.getRunContext("phases") ?? []), event.data.phase];
          ctx.setRunContext("phases", phases);
          if (event.data.phase === "start") {
            seen.push({ own: api.agent.events.emitAgentEvent({ runId: event.runId, stream: "probe.note", data: { hi: 1 } }) });
            seen.push({ host: api.agent.events.emitAgentEvent({ runId: event.runId, stream: "assistant", data: {} }) });
            seen.push({ direct: api.runContext.setRunContext({ runId: event.runId, namespace: "n", value: { a: 1 } }) });
            seen.push({ read: api.runContext.getRunContext({ runId: event.runId, namespace: "n" }) });
            seen.push({ unknown: api.runContext.setRunContext({ runId: "nobody", namespace: "n", value: 1 }) });
          }
          if (event.data.phase === "end") {
            seen.push({ phases });
            setTimeout(() => seen.push({ later: api.runContext.getRunContext({ runId: event.runId, namespace: "n" }) ?? "gone" }), 20);
          }
        } });`,
    });
    await say("hello");
    await expect.poll(seen).toHaveLength(7);
    const all = await seen();
    expect(all[0]).toEqual({ own: { emitted: true, stream: "probe.note" } });
    expect(all[1].host.emitted).toBe(false);
    expect(all.slice(2, 5)).toEqual([{ direct: true }, { read: { a: 1 } }, { unknown: false }]);
    expect(all[5].phases[0]).toBe("start");
    expect(all[5].phases.at(-1)).toBe("end");
    expect(all[6]).toEqual({ later: "gone" });
    const note = client.frames.find(
      ({ event, payload }) => event === "agent" && payload.stream === "probe.note",
    );
    expect(note?.payload.data).toMatchObject({ hi: 1, pluginId: "probe", pluginName: expect.any(String) });
  });
});

describe("what of a tool counts", () => {
  const tool = (name: string, more = "") =>
    `{ name: "${name}", description: "d", parameters: { type: "object" }, execute: async () => ({ content: [{ type: "text", text: "${name} ran" }] }), ${more} }`;

  it("[F054] a factory's tools stand in the report by name, and only those that are its own", async () => {
    const { call, say } = await contract([
      {
        id: "first",
        register: `api.registerTool(() => [${tool("one")}, ${tool("two")}], { names: ["one", "two"] });`,
        manifest: { contracts: { tools: ["one", "two"] } },
      },
      {
        id: "second",
        register: `api.registerTool(() => [${tool("two")}, ${tool("three")}], { names: ["two", "three"] });`,
        manifest: { contracts: { tools: ["two", "three"] } },
      },
    ]);
    const [first, second] = [
      await call("plugins.inspect", { pluginId: "first" }),
      await call("plugins.inspect", { pluginId: "second" }),
    ];
    expect(first.plugin.toolNames).toEqual(["one", "two"]);
    expect(second.plugin.toolNames).toEqual(["three"]);
    expect(second.tools).toEqual([{ names: ["three"], optional: false }]);
    expect(second.diagnostics).toMatchObject([{ code: "registration-duplicate" }]);
    for (const name of ["one", "two", "three"])
      expect(await say(`/tool ${name} {}`)).toContain(`${name} ran`);
  });

  it("[F054] the manifest makes one of a factory's tools optional, not all of them", async () => {
    const { say } = await contract({
      register: `api.registerTool(() => [${tool("always")}, ${tool("rarely")}]);`,
      manifest: { contracts: { tools: ["always", "rarely"] }, toolMetadata: { rarely: { optional: true } } },
    });
    expect(await say("/tool always {}")).toContain("always ran");
    expect(await say("/tool rarely {}")).toContain("no tool named rarely");
  });

  it("[F054] what is no tool is left out with a complaint, whether registered or made", async () => {
    const { call, say } = await contract({
      register: `
        api.registerTool({ name: "bare", description: "d", execute: async () => ({ content: [] }) });
        api.registerTool(() => [{ name: "idle", description: "d", parameters: { type: "object" } }, ${tool("works")}]);`,
      manifest: { contracts: { tools: ["bare", "idle", "works"] } },
    });
    expect(await say("/tool works {}")).toContain("works ran");
    const { diagnostics } = await call("plugins.inspect", { pluginId: "probe" });
    expect(diagnostics).toEqual([
      expect.objectContaining({
        level: "error",
        code: "registration-malformed",
        message: expect.stringContaining('"bare": parameters'),
      }),
      expect.objectContaining({ message: expect.stringContaining('"idle": "execute" must be a function') }),
    ]);
  });
});
