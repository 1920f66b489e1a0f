import { describe, expect, it } from "vitest";
import { type Clock, systemClock } from "../../src/kernel/clock.ts";
import { WireClient } from "../gateway/support/wire-client.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { MEMO, MEMO_CONFIG, memo } from "./memo-channel.ts";
import { type Contract, contract } from "./support.ts";

const ASKING = {
  register: `api.registerTool({ name: "pay", description: "Pays.",
      parameters: { type: "object", properties: { amount: { type: "number" } } },
      execute: async (id, params) => { seen.push({ paid: params.amount }); return { content: [{ type: "text", text: "paid " + params.amount }] }; } });
    api.on("before_tool_call", ({ params }) => ({ params: { amount: params.amount + 1 },
      requireApproval: { title: "Pay?", description: "Pays " + params.amount,
        onResolution: (decision) => { seen.push({ decision }); } } }));`,
  manifest: { contracts: { tools: ["pay"] } },
};

/** Time that begins later. */
function later(byMs: number): Clock {
  return Object.assign(Object.create(systemClock) as Clock, { now: () => Date.now() + byMs });
}

async function interrupted(folder: string): Promise<{ id: string; expiresAtMs: number }> {
  const { gateway, call } = await contract(ASKING, { folder, gateway: { stopLimitMs: 20 } });
  const reviewer = await WireClient.open(gateway.url, { scopes: ["operator.approvals"] });
  await call("chat.send", { sessionKey: "main", message: '/tool pay {"amount": 4}', idempotencyKey: "turn" });
  const { payload } = await reviewer.event("plugin.approval.requested");
  await gateway.stop("test");
  return payload;
}

const outcome = ({ call }: Contract) => call("agent.wait", { runId: "turn", timeoutMs: 5_000 });
const said = async ({ call }: Contract) =>
  JSON.stringify((await call("chat.history", { sessionKey: "main" })).messages.at(-1));

describe("approvals over a restart", () => {
  it("[F270] an open question keeps its id and deadline, and its turn goes on with the answer", async () => {
    const folder = await temporaryFolder();
    const asked = await interrupted(folder);
    const again = await contract(ASKING, { folder });
    const list = await again.call("plugin.approval.list");
    expect(list).toMatchObject([{ id: asked.id, expiresAtMs: asked.expiresAtMs }]);
    await again.call("plugin.approval.resolve", { id: asked.id, decision: "allow-once" });
    expect((await outcome(again)).status).toBe("ok");
    expect(await said(again)).toContain("paid 5");
    expect(await again.seen()).toEqual([{ decision: "allow-once" }, { paid: 5 }]);
    const waited = await again.call("plugin.approval.waitDecision", { id: asked.id });
    expect(waited.decision).toBe("allow-once");
    expect((await again.gateway.services.store.call.approvals.counts({})).balanced).toBe(true);
  });

  it("[F270] a second restart finds the same question", async () => {
    const folder = await temporaryFolder();
    const asked = await interrupted(folder);
    const second = await contract(ASKING, { folder, gateway: { stopLimitMs: 20 } });
    await second.gateway.stop("test");
    const third = await contract(ASKING, { folder });
    expect(await third.call("plugin.approval.list")).toMatchObject([{ id: asked.id }]);
    await third.call("plugin.approval.resolve", { id: asked.id, decision: "deny" });
    expect((await outcome(third)).status).toBe("ok");
    expect(await said(third)).toContain("The call was denied.");
    expect(await third.seen()).toEqual([{ decision: "deny" }]);
  });

  it("[F270] a deadline that passed meanwhile has ended the question", async () => {
    const folder = await temporaryFolder();
    const asked = await interrupted(folder);
    const again = await contract(ASKING, { folder, gateway: { clock: later(3_600_000) } });
    expect((await outcome(again)).status).toBe("ok");
    expect(await said(again)).toContain("not approved in time");
    expect(await again.seen()).toEqual([{ decision: "timeout" }]);
    const late = await again.refusal("plugin.approval.resolve", { id: asked.id, decision: "allow-once" });
    expect(late.details).toEqual({ reason: "APPROVAL_NOT_FOUND" });
  });
});

it("[F270] a turn that goes on after a restart asks whoever comes back", async () => {
  const folder = await temporaryFolder();
  // The first process never gets as far as the question; the second asks before anybody has connected.
  const held = {
    ...ASKING,
    register: `${ASKING.register}
      api.on("before_model_resolve", () => { seen.push("held"); return new Promise(() => {}); });`,
  };
  const first = await contract(held, { folder, gateway: { stopLimitMs: 20 } });
  await first.call("chat.send", {
    sessionKey: "main",
    message: '/tool pay {"amount": 4}',
    idempotencyKey: "turn",
  });
  await expect.poll(() => first.seen()).toEqual(["held"]);
  await first.gateway.stop("test");
  const again = await contract(ASKING, { folder });
  await expect.poll(() => again.call("plugin.approval.list")).toHaveLength(1);
  const [{ id }] = await again.call("plugin.approval.list");
  await again.call("plugin.approval.resolve", { id, decision: "allow-once" });
  expect((await outcome(again)).status).toBe("ok");
  expect(await said(again)).toContain("paid 5");
});

describe("approvals in a chat", () => {
  it("[F270, F113] the chat that led to a question shows it, and its owner decides there", async () => {
    const gateway = await contract([ASKING, MEMO], { config: MEMO_CONFIG });
    const platform = memo(gateway);
    await platform.hear("alice", '/tool pay {"amount": 4}');
    const { to, text } = await platform.next("Approval needed: Pay?");
    expect(to).toBe("alice");
    const id = /\/approve (\S+) allow-once \| allow-always \| deny/.exec(text)?.[1] ?? "";
    expect(await platform.hear("mallory", `/approve ${id} allow-once`, "room")).toMatchObject({
      status: "handled",
      reason: "command:approve",
    });
    await platform.next("You may not decide approvals here.");
    expect(await platform.hear("alice", "/approve plugin:unknown deny", "room")).toMatchObject({
      status: "handled",
    });
    await platform.next("That was not possible: approval expired or not found.");
    expect((await gateway.call("plugin.approval.list")).length).toBe(1);
    await platform.hear("alice", `/approve ${id} once`, "room");
    await platform.next("Noted: allow-once.");
    await platform.next("paid 5");
    expect(await gateway.seen()).toEqual([{ decision: "allow-once" }, { paid: 5 }]);
  });

  it("[F270] approvals.plugin shows questions of other conversations where the operator wants them", async () => {
    const plugin = {
      enabled: true,
      mode: "both",
      targets: [{ channel: "memo", to: "alice" }, { channel: "gone", to: "x" }, { to: "nowhere" }],
      agentFilter: ["main"],
      sessionFilter: [":main"],
    };
    const gateway = await contract([ASKING, MEMO], { config: { ...MEMO_CONFIG, approvals: { plugin } } });
    const platform = memo(gateway);
    await gateway.call("chat.send", {
      sessionKey: "main",
      message: '/tool pay {"amount": 4}',
      idempotencyKey: "turn",
    });
    const { to, text } = await platform.next("Approval needed: Pay?");
    expect(to).toBe("alice");
    await platform.hear("alice", `/approve ${/\/approve (\S+)/.exec(text)?.[1]} allow-once`);
    await platform.next("Noted: allow-once.");
    expect((await outcome(gateway)).status).toBe("ok");
    expect(await said(gateway)).toContain("paid 5");
    const elsewhere = await contract([ASKING, MEMO], {
      config: { ...MEMO_CONFIG, approvals: { plugin: { ...plugin, sessionFilter: ["other"] } } },
    });
    await elsewhere.call("chat.send", {
      sessionKey: "main",
      message: '/tool pay {"amount": 4}',
      idempotencyKey: "turn",
    });
    await expect.poll(() => elsewhere.call("plugin.approval.list")).toHaveLength(1);
    expect(await memo(elsewhere).sent()).toEqual([]);
  });

  it("[F270] a turn that a channel prepared itself is decided on in its chat too", async () => {
    const gateway = await contract([ASKING, MEMO], { config: MEMO_CONFIG });
    const platform = memo(gateway);
    const said = (text: string, id: string) => ({
      OriginatingChannel: "memo",
      From: "alice",
      SenderId: "alice",
      OriginatingTo: "alice",
      RawBody: text,
      MessageSid: id,
      CommandAuthorized: true,
    });
    const answer = gateway.call("memo.dispatch", said('/tool pay {"amount": 4}', "1"));
    const { text } = await platform.next("Approval needed: Pay?");
    const id = /\/approve (\S+)/.exec(text)?.[1] ?? "";
    const decided = await gateway.call("memo.dispatch", said(`/approve ${id} deny`, "2"));
    expect(decided.delivered).toEqual([]);
    await platform.next("Noted: deny.");
    expect((await answer).delivered.join()).toContain("The call was denied.");
  });
});

describe("approvals of any kind", () => {
  it("[F270] are read, decided once and kept", async () => {
    const { call, refusal } = await contract({ register: "" });
    const ask = (title: string) => {
      void call("plugin.approval.request", { title, pluginId: "p", sessionKey: "agent:main:main" });
    };
    ask("One?");
    const pending = () => call("plugin.approval.list");
    await expect.poll(pending).toHaveLength(1);
    const [{ id }] = await pending();
    expect((await call("approval.get", { id })).approval).toMatchObject({
      status: "pending",
      presentation: {
        kind: "plugin",
        title: "One?",
        allowedDecisions: ["allow-once", "allow-always", "deny"],
      },
      sourceSessionKey: "agent:main:main",
    });
    const decide = (decision: string, more: object = {}) =>
      call("approval.resolve", { id, kind: "plugin", decision, ...more });
    const reviewer = { channel: "memo", accountId: "default", senderId: "alice" };
    expect(await decide("allow-always", { reviewer })).toMatchObject({
      applied: true,
      approval: { status: "allowed", decision: "allow-always", resolver: { kind: "channel", id: "alice" } },
    });
    expect(await decide("deny")).toMatchObject({ applied: false, approval: { decision: "allow-always" } });
    ask("Two?");
    await expect.poll(pending).toHaveLength(1);
    await call("plugin.approval.resolve", { id: (await pending())[0].id, decision: "deny" });
    const first = await call("approval.history", { limit: 1 });
    expect(first.items).toMatchObject([{ status: "denied", presentation: { title: "Two?" } }]);
    const rest = await call("approval.history", { limit: 1, cursor: first.nextCursor });
    expect(rest.items).toMatchObject([{ id }]);
    const unknown = await refusal("approval.get", { id: "plugin:unknown" });
    expect(unknown).toMatchObject({ code: "INVALID_REQUEST", details: { reason: "APPROVAL_NOT_FOUND" } });
  });
});
