import { describe, expect, it } from "vitest";
import { MEMO, MEMO_CONFIG, memo } from "./memo-channel.ts";
import { contract, type Fixture } from "./support.ts";

/** Calls SDK functions as channels do: without an `api`. */
const SDK: Fixture = {
  id: "sdk",
  register: `const conversation = () => import("openclaw/plugin-sdk/conversation-runtime");
    const method = (name, work) => api.registerGatewayMethod("sdk." + name, ({ params }) => work(params), { scope: "operator.write" });
    method("approve", async (params) => (await import("openclaw/plugin-sdk/approval-gateway-runtime")).resolveApprovalOverGateway(params));
    method("ref", async (params) => ({ ref: (await import("openclaw/plugin-sdk/approval-reference-runtime")).buildApprovalResolutionRef(params) }));
    method("press", async ({ data, ctx }) => {
      const { createChannelInteractiveDispatcher } = await import("openclaw/plugin-sdk/plugin-runtime");
      const press = createChannelInteractiveDispatcher({ channel: "memo", interactiveKey: "callback" });
      return press({ data, ctx, respond: {} });
    });
    method("decide", async (params) => (await conversation()).resolvePluginConversationBindingApproval(params));
    method("found", async (params) => ({ record: (await conversation()).getSessionBindingService().resolveByConversation(params) }));
    method("label", async () => ({ label: (await conversation()).resolvePairingIdLabel("memo") }));
    method("record", async (params) => { await (await conversation()).recordInboundSession(params); return {}; });
    api.registerInteractiveHandler({ channel: "memo", namespace: "own", handler: async (ctx) => {
      const asked = await ctx.requestConversationBinding({ summary: "Answers here." });
      const now = await ctx.getCurrentConversationBinding();
      const gone = ctx.callback.payload === "off" ? await ctx.detachConversationBinding() : undefined;
      seen.push({ asked, now, gone }); return { handled: true };
    } });
    api.on("inbound_claim", ({ content }) => ({ handled: true, reply: { text: "mine: " + content } }));`,
};

describe("SDK functions of conversations", () => {
  it("[F080, F125] a pressed button asks for its conversation, another decides, and it can be given back", async () => {
    const gateway = await contract([SDK, MEMO], { config: MEMO_CONFIG });
    const { call } = gateway;
    const ctx = { accountId: "default", conversationId: "alice", senderId: "alice" };
    expect(await call("sdk.press", { data: "own:on", ctx })).toMatchObject({ matched: true, handled: true });
    const [{ asked, now }] = await gateway.seen("sdk");
    expect([asked.status, now]).toEqual(["pending", null]);
    expect(asked.reply.text).toContain("/approve");
    const decision = { approvalId: asked.approvalId, decision: "allow-once", senderId: "alice" };
    expect(await call("sdk.decide", decision)).toEqual({
      status: "approved",
      decision: "allow-once",
      pluginId: "sdk",
      summary: "Answers here.",
    });
    expect((await call("sdk.decide", { ...decision, decision: "deny" })).status).toBe("approved");
    expect(await call("sdk.decide", { ...decision, approvalId: "plugin:unknown" })).toEqual({
      status: "expired",
    });
    const { record } = await call("sdk.found", {
      channel: "memo",
      accountId: "default",
      conversationId: "alice",
    });
    expect(record).toMatchObject({
      status: "active",
      metadata: { pluginBindingOwner: "plugin", pluginId: "sdk" },
    });
    const platform = memo(gateway);
    await platform.hear("alice", "hello");
    await platform.next("mine: hello");
    await call("sdk.press", { data: "own:off", ctx });
    const last = (await gateway.seen("sdk")).at(-1);
    expect(last).toMatchObject({
      asked: { status: "bound" },
      now: { conversationId: "alice" },
      gone: { removed: true },
    });
    expect(await platform.hear("alice", "agent?")).toMatchObject({ status: "accepted" });
  });

  it("[F270] a button decides an approval by its short name, and hears what was decided before", async () => {
    const { call, client, refusal } = await contract([SDK]);
    void client.call("plugin.approval.request", { title: "Pay?" });
    await expect.poll(() => call("plugin.approval.list")).toHaveLength(1);
    const [{ id }] = await call("plugin.approval.list");
    const { ref } = await call("sdk.ref", { approvalId: id });
    const press = (decision: string) =>
      call("sdk.approve", { approvalId: ref, approvalKind: "plugin", decision, senderId: "alice" });
    expect(await press("deny")).toMatchObject({
      applied: true,
      approval: { id, status: "denied", resolver: { kind: "channel", id: "alice" } },
    });
    expect(await press("allow-once")).toMatchObject({ applied: false, approval: { status: "denied" } });
    await refusal("sdk.approve", { approvalId: "unknown", decision: "deny" });
  });

  it("name a channel's ids and record what a session's conversation is called", async () => {
    const { call } = await contract([SDK, MEMO], { config: MEMO_CONFIG });
    expect(await call("sdk.label")).toEqual({ label: "userId" });
    const sessionKey = "agent:main:memo:direct:alice";
    await call("sdk.record", {
      sessionKey,
      ctx: { ChatType: "direct", OriginatingChannel: "memo", ConversationLabel: "Alice" },
    });
    const { sessions } = await call("sessions.list");
    expect(sessions).toMatchObject([{ key: sessionKey, displayName: "Alice" }]);
  });
});
