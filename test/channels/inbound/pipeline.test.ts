import { expect, test } from "vitest";
import { groupMessage, incoming, openChannels, testPlatform } from "../support.ts";

const open = { dmPolicy: "open", allowFrom: ["*"] };

test("a message is answered by the agent through its channel, once", async () => {
  const memo = testPlatform();
  const room = await openChannels({ platforms: [memo] });
  const message = incoming({ text: "ping" });
  const result = await room.channels.receive(message);
  expect(result.status).toBe("accepted");
  const again = await room.channels.receive(message);
  expect(again.status).toBe("duplicate");
  await room.settled();
  expect(memo.sent).toEqual([{ to: "ada", text: "re: ping", accountId: "default" }]);
  const inbox = await room.store.call.inbox.counts({});
  expect(inbox).toMatchObject({ accepted: 1, balanced: true });
  expect(inbox.byStatus.answered).toBe(1);
  expect((await room.store.call.outbox.counts({})).byStatus.delivered).toBe(1);
});

test("a repeated message is known after the memory of it is gone", async () => {
  const memo = testPlatform();
  const first = await openChannels({ platforms: [memo] });
  const message = incoming();
  await first.channels.receive(message);
  await first.settled();
  await first.close();
  const second = await openChannels({ platforms: [memo], folder: first.folder });
  expect(await second.channels.receive(message)).toMatchObject({ status: "duplicate", reason: "answered" });
});

test("an empty allowlist admits nobody, and the row says why", async () => {
  const memo = testPlatform();
  const room = await openChannels({
    platforms: [memo],
    config: { channels: { memo: { dmPolicy: "allowlist" } } },
  });
  const result = await room.channels.receive(incoming());
  expect(result).toMatchObject({ status: "ignored", reason: "dm_policy_not_allowlisted" });
  expect(await room.store.call.inbox.explain({ inboxId: result.inboxId })).toMatchObject({
    status: "ignored",
    reason: "dm_policy_not_allowlisted",
  });
  expect(memo.sent).toEqual([]);
});

test("a stranger gets a pairing code once and is let in after the approval", async () => {
  const memo = testPlatform();
  const asked: object[] = [];
  const room = await openChannels({
    platforms: [memo],
    config: { channels: { memo: {} } },
    hooks: { channel_pairing_requested: (event) => void asked.push(event) },
  });
  expect(await room.channels.receive(incoming())).toMatchObject({ reason: "pairing-required" });
  await room.channels.receive(incoming());
  await room.settled();
  expect(memo.sent).toHaveLength(1);
  const code = /Pairing code: ([A-HJ-NP-Z2-9]{8})/.exec(memo.sent[0]?.text ?? "")?.[1] as string;
  expect(memo.sent[0]?.text).toContain("Your id: ada");
  expect(asked).toMatchObject([{ channel: "memo", senderId: "ada", code }]);
  expect(await room.channels.approvePairing({ channel: "memo", code: "WRONG234" })).toBeUndefined();
  expect(await room.channels.approvePairing({ channel: "memorandum", code: code.toLowerCase() })).toEqual({
    senderId: "ada",
    accountId: "default",
    notification: "unsupported",
  });
  expect(await room.channels.receive(incoming({ text: "now?" }))).toMatchObject({ status: "accepted" });
  await room.settled();
  expect(memo.sent[1]?.text).toBe("re: now?");
});

test("a fourth stranger waits in silence until a place is free", async () => {
  const memo = testPlatform();
  const room = await openChannels({ platforms: [memo], config: { channels: { memo: {} } } });
  const from = (id: string) =>
    room.channels.receive(
      incoming({ sender: { id }, conversation: { kind: "direct", id }, reply: { to: id } }),
    );
  for (const id of ["a", "b", "c"]) expect(await from(id)).toMatchObject({ reason: "pairing-required" });
  expect(await from("d")).toMatchObject({ reason: "pairing-queue-full" });
  await room.settled();
  expect(memo.sent.map(({ to }) => to)).toEqual(["a", "b", "c"]);
});

test("a group message without a mention is history for the next one with it", async () => {
  const memo = testPlatform();
  const heard: string[] = [];
  const room = await openChannels({
    platforms: [memo],
    config: { channels: { memo: { groups: { "#room": {} } } } },
    script: (context) => {
      const last = context.messages.at(-1);
      heard.push(last?.role === "user" && typeof last.content === "string" ? last.content : "");
      return { ...sayDone };
    },
  });
  expect(await room.channels.receive(groupMessage("lunch is at noon"))).toMatchObject({
    reason: "not-mentioned",
  });
  expect(await room.channels.receive(groupMessage("bot: when is lunch?"))).toMatchObject({
    status: "accepted",
  });
  await room.settled();
  expect(heard[0]).toContain("[Chat messages since your last reply - for context]\nAda: lunch is at noon");
  expect(heard[0]).toContain("[Current message - respond to this]\nAda: bot: when is lunch?");
  await room.channels.receive(groupMessage("bot: thanks"));
  await room.settled();
  expect(heard[1]).toBe("Ada: bot: thanks");
  expect(memo.sent.map(({ to }) => to)).toEqual(["#room", "#room"]);
});

test("a group that is not listed is not answered", async () => {
  const memo = testPlatform();
  const room = await openChannels({ platforms: [memo], config: { channels: { memo: {} } } });
  expect(await room.channels.receive(groupMessage("bot: hi"))).toMatchObject({
    status: "ignored",
    reason: "group_policy_empty_allowlist",
  });
});

test("quick messages of one sender become one turn where that is configured", async () => {
  const memo = testPlatform();
  const room = await openChannels({
    platforms: [memo],
    config: { channels: { memo: open }, messages: { inbound: { byChannel: { memo: 20 } } } },
  });
  const first = await room.channels.receive(incoming({ text: "one" }));
  const second = await room.channels.receive(incoming({ text: "two" }));
  expect([first.status, second.status]).toEqual(["buffered", "buffered"]);
  await room.settled();
  expect(memo.sent.map(({ text }) => text)).toEqual(["re: one\ntwo"]);
  expect(await room.store.call.inbox.explain({ inboxId: first.inboxId })).toMatchObject({
    status: "superseded",
    reason: `by:${second.inboxId}`,
  });
});

test("an authorised stop word aborts instead of asking the agent", async () => {
  const memo = testPlatform();
  const room = await openChannels({ platforms: [memo] });
  expect(await room.channels.receive(incoming({ text: "stop" }))).toMatchObject({ reason: "command:stop" });
  await room.settled();
  expect(memo.sent.map(({ text }) => text)).toEqual(["Nothing is running."]);
});

test("before_dispatch may claim a message and answer it", async () => {
  const memo = testPlatform();
  const room = await openChannels({
    platforms: [memo],
    hooks: { before_dispatch: () => ({ handled: true, text: "closed on sundays" }) },
  });
  expect(await room.channels.receive(incoming())).toMatchObject({
    status: "handled",
    reason: "handled-by-hook",
  });
  await room.settled();
  expect(memo.sent.map(({ text }) => text)).toEqual(["closed on sundays"]);
});

test("[F131] message_received carries the thread as a field of its own", async () => {
  const memo = testPlatform();
  const seen: object[] = [];
  const room = await openChannels({
    platforms: [memo],
    hooks: { message_received: (event) => void seen.push(event) },
  });
  await room.channels.receive(
    incoming({
      conversation: { kind: "direct", id: "ada", threadId: "7" },
      text: "hey",
      metadata: { colour: "red" },
    }),
  );
  await room.settled();
  expect(seen).toMatchObject([
    { threadId: "7", content: "hey", senderId: "ada", metadata: { colour: "red" } },
  ]);
});

test("session.sendPolicy deny runs the turn and sends nothing", async () => {
  const memo = testPlatform();
  const room = await openChannels({
    platforms: [memo],
    config: { channels: { memo: open }, session: { sendPolicy: { default: "deny" } } },
  });
  await room.channels.receive(incoming());
  await room.settled();
  expect(memo.sent).toEqual([]);
  expect((await room.store.call.inbox.counts({})).byStatus.answered).toBe(1);
});

test("our own message that a platform plays back is not a message", async () => {
  const memo = testPlatform();
  const room = await openChannels({ platforms: [memo] });
  await room.channels.receive(incoming());
  await room.settled();
  expect(await room.channels.receive(incoming({ messageId: "sent-1" }))).toMatchObject({ reason: "echo" });
});

test("what was recorded before a crash is taken up by the next start", async () => {
  const memo = testPlatform();
  const first = await openChannels({ platforms: [memo], start: false });
  await first.store.call.inbox.accept({
    inboxId: "row-1",
    channel: "memo",
    accountId: "default",
    messageId: "m-before",
    conversation: "direct:ada",
    payload: { v: 1, mode: "message", message: incoming({ messageId: "m-before", text: "still there?" }) },
    receivedAt: Date.now(),
  });
  await first.close();
  const second = await openChannels({ platforms: [memo], folder: first.folder });
  await second.settled();
  expect(memo.sent.map(({ text }) => text)).toEqual(["re: still there?"]);
});

test("an ignored message can be replayed after the rules changed", async () => {
  const memo = testPlatform();
  const room = await openChannels({
    platforms: [memo],
    config: { channels: { memo: { dmPolicy: "disabled" } } },
  });
  const { inboxId } = await room.channels.receive(incoming({ text: "let me in" }));
  room.config.set({ channels: { memo: open } });
  const replayed = await room.channels.replayInbound(inboxId);
  expect(replayed).toMatchObject({ status: "accepted" });
  await room.settled();
  expect(memo.sent.map(({ text }) => text)).toEqual(["re: let me in"]);
  expect(await room.store.call.inbox.explain({ inboxId })).toMatchObject({
    status: "superseded",
    reason: `by:${replayed?.inboxId}`,
  });
  expect((await room.store.call.inbox.counts({})).balanced).toBe(true);
});

test("after drain a new message is refused, so that its platform delivers it again", async () => {
  const room = await openChannels({ platforms: [testPlatform()] });
  await room.channels.drain(100);
  await expect(room.channels.receive(incoming())).rejects.toMatchObject({
    code: "CHANNELS_STOPPING",
    retryable: true,
  });
});

const sayDone = {
  role: "assistant" as const,
  content: [{ type: "text" as const, text: "noted" }],
  api: "test",
  provider: "scripted",
  model: "one",
  usage: {
    input: 1,
    output: 1,
    cacheRead: 0,
    cacheWrite: 0,
    totalTokens: 2,
    cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, total: 0 },
  },
  stopReason: "stop" as const,
  timestamp: 1,
};
