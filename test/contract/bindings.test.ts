import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { MEMO, MEMO_CONFIG, memo } from "./memo-channel.ts";
import { contract, type Fixture } from "./support.ts";

const OWNER: Fixture = {
  id: "notes",
  register: `
    api.onConversationBindingResolved((event) => { seen.push({ resolved: event }); });
    api.on("inbound_claim", (event, ctx) => {
      seen.push({ claim: event.content, by: event.senderId, binding: ctx.pluginBinding.bindingId });
      if (event.content === "fail") throw new Error("broken");
      return event.content === "decline" ? { handled: false } : { handled: true, reply: { text: "noted " + event.content } };
    });
    api.registerCommand({ name: "notes", description: "Takes notes here.", acceptsArgs: true, async handler(ctx) {
      if (ctx.args === "off") return { text: "removed " + (await ctx.detachConversationBinding()).removed };
      if (ctx.args === "which") return { text: "data " + JSON.stringify((await ctx.getCurrentConversationBinding())?.data ?? null) };
      const asked = await ctx.requestConversationBinding({ summary: "Keeps notes.", detachHint: "Send /notes off.", data: { page: 1 } });
      return asked.status === "pending" ? asked.reply : { text: asked.status + " " + (asked.message ?? "") };
    } });`,
};
const RIVAL: Fixture = {
  id: "rival",
  register: `api.registerCommand({ name: "rival", description: "Wants it too.",
    handler: async (ctx) => ({ text: "rival " + (await ctx.requestConversationBinding()).message }) });
    api.on("inbound_claim", () => { seen.push("claimed"); return { handled: true }; });`,
};

async function bind(platform: ReturnType<typeof memo>, decision: string): Promise<void> {
  await platform.hear("alice", "/notes");
  const { text } = await platform.next("asks to answer this conversation");
  expect(text).toContain("Keeps notes.");
  await platform.hear("alice", `/approve ${/\/approve (\S+)/.exec(text)?.[1]} ${decision}`);
  await platform.next(`Noted: ${decision}.`);
}

describe("conversation bindings", () => {
  it("[F125, F055] an operator lets a plugin own a conversation; its messages go there, commands do not", async () => {
    const gateway = await contract([OWNER, RIVAL, MEMO], { config: MEMO_CONFIG });
    const platform = memo(gateway);
    await platform.hear("alice", "before");
    await platform.next("before");
    await bind(platform, "allow-once");
    expect(await platform.hear("alice", "milk")).toMatchObject({
      status: "handled",
      reason: "binding:handled",
    });
    await platform.next("noted milk");
    const [{ resolved }, { binding, ...claim }] = await gateway.seen("notes");
    expect(resolved).toMatchObject({
      status: "approved",
      decision: "allow-once",
      binding: {
        bindingId: binding,
        pluginId: "notes",
        channel: "memo",
        conversationId: "alice",
        data: { page: 1 },
      },
      request: {
        summary: "Keeps notes.",
        requestedBySenderId: "alice",
        conversation: { accountId: "default" },
      },
    });
    expect(claim).toEqual({ claim: "milk", by: "alice" });
    await platform.hear("alice", "/notes which");
    await platform.next('data {"page":1}');
    await platform.hear("alice", "/rival");
    await platform.next("rival another plugin owns this conversation");
    expect(await gateway.seen("rival")).toEqual([]);
    await platform.hear("alice", "/notes off");
    await platform.next("removed true");
    expect(await platform.hear("alice", "after")).toMatchObject({ status: "accepted" });
  });

  it("[F125] a denial is told and binds nothing; allow-always binds the next conversation without asking", async () => {
    const gateway = await contract([OWNER, MEMO], {
      config: { channels: { memo: { dmPolicy: "allowlist", allowFrom: ["alice", "bob"] } } },
    });
    const platform = memo(gateway);
    await bind(platform, "deny");
    expect(await platform.hear("alice", "hello")).toMatchObject({ status: "accepted" });
    await platform.hear("bob", "/notes");
    const asked = async () =>
      (await platform.sent()).findLast(({ to, text }) => to === "bob" && text.includes("asks"));
    await expect.poll(asked).toBeDefined();
    const id = /\/approve (\S+)/.exec((await asked())?.text ?? "")?.[1];
    await gateway.call("plugin.approval.resolve", { id, decision: "allow-always" });
    await platform.hear("alice", "/notes");
    await platform.next("bound");
    expect(await platform.hear("alice", "now")).toMatchObject({ reason: "binding:handled" });
    expect((await gateway.seen("notes")).map(({ resolved }) => resolved?.decision)).toEqual([
      "deny",
      "allow-always",
      undefined,
    ]);
  });

  it("[F125] a binding outlives a restart, and a claim that fails gives a notice instead of a turn", async () => {
    const folder = await temporaryFolder();
    const first = await contract([OWNER, MEMO], { config: MEMO_CONFIG, folder });
    await bind(memo(first), "allow-once");
    await first.gateway.stop("test");
    const again = await contract([OWNER, MEMO], { config: MEMO_CONFIG, folder });
    const platform = memo(again);
    expect(await platform.hear("alice", "fail")).toMatchObject({ reason: "binding:declined" });
    expect(await platform.hear("alice", "decline")).toMatchObject({ reason: "binding:declined" });
    await platform.next("which did not answer. Send /notes off.");
    await again.gateway.stop("test");
    const without = await contract([MEMO], { config: MEMO_CONFIG, folder });
    const last = memo(without);
    expect(await last.hear("alice", "there?")).toMatchObject({ reason: "binding:missing_plugin" });
    await last.next("notes, which is not loaded");
    expect(await last.hear("alice", "/detach")).toMatchObject({ reason: "command:detach" });
    expect(await last.hear("alice", "hello")).toMatchObject({ status: "accepted" });
  });

  it("[F055] a group's plugin command is found behind what the agent reads, for those who may", async () => {
    const gateway = await contract([OWNER, MEMO], { config: MEMO_CONFIG });
    const platform = memo(gateway);
    await platform.hear("alice", "/notes which", "room");
    await platform.next("data null");
    await platform.hear("mallory", "/notes which", "room");
    await platform.next("You may not use /notes here.");
  });

  it("[F125] conversations of gateway clients cannot be bound", async () => {
    const { say } = await contract([OWNER]);
    expect(await say("/notes")).toContain("only conversations of chat channels");
  });
});
