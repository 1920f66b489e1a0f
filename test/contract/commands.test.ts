import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { WireClient } from "../gateway/support/wire-client.ts";
import { MEMO, MEMO_CONFIG } from "./memo-channel.ts";
import { callsOf, contract } from "./support.ts";

describe("plugin commands in a conversation", () => {
  it("[F055, F062, F064] bypass the model, unless they let the agent go on", async () => {
    const { say, seen, call } = await contract({
      register: `
        api.on("llm_input", () => { seen.push("model"); });
        api.registerCommand({ name: "Ping", description: "Answers.", acceptsArgs: true,
          handler: (ctx) => { seen.push({ args: ctx.args, channel: ctx.channel, sessionKey: ctx.sessionKey, owner: ctx.senderIsOwner ?? "hidden" }); return { text: "pong " + ctx.args }; } });
        api.registerCommand({ name: "bare", description: "Takes nothing.", handler: () => ({ text: "bare answer" }) });
        api.registerCommand({ name: "go", description: "Goes on.", handler: () => ({ continueAgent: true }) });
        api.registerCommand({ name: "elsewhere", description: "Only there.", channels: ["irc"], handler: () => ({ text: "never" }) });
        api.registerCommand({ name: "broken", description: "Fails.", handler() { throw new Error("the s3cret"); } });`,
    });
    expect(await say("/ping one two")).toBe("pong one two");
    expect(await say("/PING x")).toBe("pong x");
    expect(await seen()).toEqual([
      { args: "one two", channel: "webchat", sessionKey: "agent:main:main", owner: "hidden" },
      { args: "x", channel: "webchat", sessionKey: "agent:main:main", owner: "hidden" },
    ]);
    const failed = await say("/broken");
    expect(failed).toContain("/broken failed");
    expect(failed).not.toContain("s3cret");
    expect(await say("/bare")).toBe("bare answer");
    expect(await seen()).not.toContain("model");
    expect(await say("/bare with words")).toContain("/bare with words");
    expect(await say("/elsewhere")).toContain("You said: /elsewhere");
    expect(await say("/go")).toContain("You said: /go");
    expect((await seen()).filter((one) => one === "model")).toHaveLength(3);
    const { commands } = await call("chat.metadata");
    expect(commands).toContainEqual(
      expect.objectContaining({ name: "ping", pluginId: "probe", acceptsArgs: true, source: "plugin" }),
    );
  });

  it("[F064] requiredScopes hold for gateway clients: an administrator's suffices, a writer's does not", async () => {
    const { say, gateway } = await contract({
      register: `
        api.registerCommand({ name: "pair", description: "d", requiredScopes: ["operator.pairing"],
          handler: (ctx) => ({ text: "owner " + ctx.senderIsOwner + " " + ctx.gatewayClientScopes.join() }) });`,
    });
    expect(await say("/pair")).toBe("owner true operator.admin");
    const scopes = ["operator.write"];
    const writer = callsOf(await WireClient.open(gateway.url, { scopes }));
    expect(await writer.say("/pair")).toBe("/pair needs operator.pairing.");
    const pairing = callsOf(await WireClient.open(gateway.url, { scopes: [...scopes, "operator.pairing"] }));
    expect(await pairing.say("/pair")).toContain("owner false");
    const raw = { sessionKey: "main", message: "/pair", suppressCommandInterpretation: true };
    await pairing.call("chat.send", { ...raw, idempotencyKey: "uninterpreted" });
    const end = await pairing.client.next(
      ({ event, payload }) =>
        event === "chat" && payload.runId === "uninterpreted" && payload.state === "final",
    );
    expect(JSON.stringify(end.payload.message)).toContain("You said: /pair");
  });

  it("[F055] know the session and the conversation that they are called in", async () => {
    const gateway = await contract(
      [
        MEMO,
        {
          register: `api.registerCommand({ name: "where", description: "d", handler: (ctx) => { seen.push(ctx); return { text: "here" }; } });`,
        },
      ],
      { config: MEMO_CONFIG },
    );
    await gateway.call("memo.dispatch", {
      Provider: "memo",
      From: "memo:group:team",
      To: "memo:group:team",
      SenderId: "alice",
      ChatType: "group",
      CommandAuthorized: true,
      MessageSid: "1",
      MessageThreadId: "t1",
      ThreadParentId: "memo:group:all",
      SessionKey: "agent:main:memo:group:team",
      Body: "/where",
      RawBody: "/where",
    });
    const [ctx] = await gateway.seen();
    expect(ctx).toMatchObject({
      channel: "memo",
      channelId: "memo",
      accountId: "default",
      senderId: "alice",
      from: "memo:group:team",
      to: "memo:group:team",
      messageThreadId: "t1",
      threadParentId: "memo:group:all",
      agentId: "main",
      sessionTarget: {
        agentId: "main",
        sessionKey: "agent:main:memo:group:team",
        sessionId: ctx.sessionId,
        storePath: join(gateway.stateDir, "agents", "main", "sessions", "sessions.json"),
      },
    });
  });

  it("[F056, F057, F058, F060, F061] their guidance reaches the main prompt by surface, sorted and once", async () => {
    const command = (name: string, guidance: string) =>
      `api.registerCommand({ name: "${name}", description: "d", handler() {}, agentPromptGuidance: ${guidance} });`;
    const { say, seen } = await contract({
      register: `
        api.on("llm_input", (event) => { seen.push(event.systemPrompt); });
        ${command("two", `["FOR ALL", { text: "FOR MAIN", surfaces: ["openclaw_main"] }]`)}
        ${command("one", `[{ text: "FOR PI", surfaces: ["pi_main"] }, "FOR ALL", { text: "FOR CODEX", surfaces: ["codex_app_server"] }]`)}`,
    });
    await say("hi");
    const [prompt] = await seen();
    expect(prompt).toContain("FOR PI\nFOR ALL\nFOR MAIN");
    expect(prompt).not.toContain("FOR CODEX");
  });

  it("[F057] a subagent's prompt takes what is for subagents, and what is for everybody", async () => {
    const { say, seen } = await contract({
      register: `
        api.on("llm_input", (event) => { seen.push(event.systemPrompt); });
        api.registerCommand({ name: "plan", description: "d", handler() {}, agentPromptGuidance: ["FOR ALL",
          { text: "FOR SUBAGENTS", surfaces: ["subagent"] }, { text: "FOR MAIN", surfaces: ["openclaw_main", "cli_backend"] }] });`,
    });
    await say("hi");
    await say("hi", "agent:main:subagent:helper");
    const [main, subagent] = await seen();
    expect(main).toContain("FOR ALL\nFOR MAIN");
    expect(main).not.toContain("FOR SUBAGENTS");
    expect(subagent).toContain("FOR ALL\nFOR SUBAGENTS");
    expect(subagent).not.toContain("FOR MAIN");
  });

  it("[F059, F065] empty surfaces and reserved names refuse the command and say why", async () => {
    const { say, call } = await contract({
      register: `
        api.registerCommand({ name: "empty", description: "d", handler: () => ({ text: "never" }), agentPromptGuidance: [{ text: "x", surfaces: [] }] });
        api.registerCommand({ name: "status", description: "d", ownership: "reserved", handler: () => ({ text: "never" }) });
        api.registerCommand({ name: "model", description: "d", handler: () => ({ text: "never" }) });`,
    });
    for (const name of ["empty", "status", "model"]) expect(await say(`/${name}`)).not.toBe("never");
    const text = JSON.stringify((await call("plugins.inspect", { pluginId: "probe" })).diagnostics);
    expect(text).toContain("surfaces");
    expect(text).toContain("only bundled plugins may own reserved names");
  });
});

describe("archetypes", () => {
  it("[F113, F110] an approval workflow: command, state, injection, descriptor and action work together", async () => {
    const { say, call } = await contract({
      register: `
        api.registerSessionExtension({ namespace: "plan", description: "The plan that waits." });
        api.registerControlUiDescriptor({ id: "plan", surface: "session", label: "Plan" });
        api.registerCommand({ name: "approve-plan", description: "Approves.", acceptsArgs: true, async handler(ctx) {
          await api.enqueueNextTurnInjection({ sessionKey: ctx.sessionKey, text: "PLAN APPROVED: " + ctx.args, idempotencyKey: "plan" });
          return { continueAgent: true };
        } });
        api.registerSessionAction({ id: "approve", handler: async ({ sessionKey }) => ({
          result: (await api.enqueueNextTurnInjection({ sessionKey, text: "APPROVED FROM THE PAGE" })).enqueued }) });`,
    });
    await say("make a plan");
    await call("sessions.pluginPatch", {
      key: "main",
      pluginId: "probe",
      namespace: "plan",
      value: { steps: 3 },
    });
    // The agent goes on in the same turn and already knows.
    expect(await say("/approve-plan now")).toContain("PLAN APPROVED: now");
    expect(await say("next")).not.toContain("PLAN APPROVED");
    const action = { pluginId: "probe", actionId: "approve", sessionKey: "main" };
    expect(await call("plugins.sessionAction", action)).toEqual({ ok: true, result: true });
    expect(await say("and?")).toContain("APPROVED FROM THE PAGE");
    const { session } = await call("sessions.describe", { key: "main" });
    expect(session.pluginExtensions).toEqual([{ pluginId: "probe", namespace: "plan", value: { steps: 3 } }]);
    expect((await call("plugins.uiDescriptors")).descriptors).toHaveLength(1);
  });

  it("[F113, F111] a lifecycle monitor: subscription, job and lifecycle; attachments and schedules are not for it", async () => {
    const { say, seen, call } = await contract({
      register: `
        api.registerAgentEventSubscription({ id: "watch", streams: ["lifecycle"], handle: (event) => { if (event.data.phase === "end") seen.push("ended"); } });
        api.registerRuntimeLifecycle({ id: "life", cleanup: ({ reason }) => { seen.push(reason); } });
        api.registerGatewayMethod("probe.try", async () => ({
          sent: await api.sendSessionAttachment({ sessionKey: "main", files: [{ path: "a" }] }),
          scheduled: (await api.scheduleSessionTurn({ sessionKey: "main", message: "hi", delayMs: 1 })) ?? "no",
          removed: await api.unscheduleSessionTurnsByTag({ sessionKey: "main", tag: "t" }),
        }));`,
    });
    await say("hi");
    await call("sessions.reset", { key: "main" });
    expect(await seen()).toEqual(["ended", "reset"]);
    expect(await call("probe.try")).toMatchObject({
      sent: { ok: false, error: expect.stringContaining("come with the gateway") },
      scheduled: "no",
      removed: { removed: 0, failed: 0 },
    });
  });
});
