import { expect, test } from "vitest";
import { RETRY_SCHEDULE_MS } from "../../../src/channels/outbound/failure.ts";
import { ManualClock } from "../../../src/kernel/manual-clock.ts";
import type { Store } from "../../../src/store/index.ts";
import { type ChannelRoom, incoming, openChannels, testPlatform } from "../support.ts";

const send = (room: ChannelRoom, text: string, to = "ada") =>
  room.channels.send({ channel: "memo", to, text, idempotencyKey: `k-${to}-${text.slice(0, 20)}` });

const refused = () => Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });

/** Store work is real, so a step of the clock is followed by waiting for what it set off. */
async function until(check: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 2_000; tries++) {
    if (await check()) return;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  throw new Error("the condition was not reached");
}

const status = (store: Store, outboxId: string) => async () =>
  (await store.call.outbox.explain({ outboxId }))?.status;

test("messages of one recipient go out in order, those of others beside them", async () => {
  const memo = testPlatform();
  const order: string[] = [];
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  memo.onSend((context) => {
    if (context.text !== "slow") return undefined;
    return held.then(() => {
      order.push("slow");
      return { messageId: "x" };
    });
  });
  const room = await openChannels({ platforms: [memo] });
  await send(room, "slow");
  await send(room, "after");
  await send(room, "beside", "bob");
  await until(() => memo.sent.length === 1);
  expect(memo.sent.map(({ text }) => text)).toEqual(["beside"]);
  release();
  await room.settled();
  expect(order).toEqual(["slow"]);
  expect(memo.sent.map(({ text }) => text)).toEqual(["beside", "after"]);
});

test("the same idempotency key queues one message", async () => {
  const memo = testPlatform();
  const room = await openChannels({ platforms: [memo] });
  const first = await send(room, "once");
  const second = await send(room, "once");
  expect(second).toMatchObject({ outboxId: first.outboxId, inserted: false });
  await room.settled();
  expect(memo.sent).toHaveLength(1);
});

test("a message that surely was not sent is tried on the schedule and then dead with its text", async () => {
  const clock = new ManualClock();
  const memo = testPlatform();
  let attempts = 0;
  memo.onSend(() => {
    attempts += 1;
    return Promise.reject(refused());
  });
  const room = await openChannels({ platforms: [memo], clock });
  const { outboxId } = await send(room, "lost");
  const read = () => room.store.call.outbox.explain({ outboxId });
  for (const [index, delay] of RETRY_SCHEDULE_MS.entries()) {
    await until(async () => {
      await clock.advance(500);
      return (await read())?.lastError !== undefined && (await read())?.status === "queued";
    });
    expect(attempts).toBe((index + 1) * 3);
    await clock.advance(delay);
    await until(async () => {
      await clock.advance(0);
      return (await read())?.status !== "queued";
    });
  }
  await until(async () => {
    await clock.advance(500);
    return (await read())?.status === "dead";
  });
  expect(await read()).toMatchObject({ status: "dead", reason: "retries-exhausted", chunks: ["lost"] });
  expect(attempts).toBe((RETRY_SCHEDULE_MS.length + 1) * 3);

  memo.onSend(() => undefined);
  await room.channels.replayOutbound(outboxId);
  await until(async () => (await read())?.status === "delivered");
  expect(memo.sent.map(({ text }) => text)).toEqual(["lost"]);
  expect((await room.store.call.outbox.counts({})).balanced).toBe(true);
});

test("the platform's own wait is longer than the schedule's and is kept", async () => {
  const clock = new ManualClock();
  const memo = testPlatform();
  memo.onSend(() =>
    Promise.reject(Object.assign(new Error("slow down"), { status: 429, retryAfterMs: 90_000 })),
  );
  const room = await openChannels({ platforms: [memo], clock });
  const { outboxId } = await send(room, "later");
  await until(async () => (await room.store.call.outbox.explain({ outboxId }))?.lastError !== undefined);
  const row = await room.store.call.outbox.explain({ outboxId });
  expect(row?.availableAt).toBe(clock.now() + 90_000);
});

test("chunks go on at the first that was not sent", async () => {
  const memo = testPlatform({
    fields: {},
  });
  const clock = new ManualClock();
  let failing = true;
  memo.onSend((context) =>
    failing && context.deliveryPartIndex === 1 ? Promise.reject(refused()) : undefined,
  );
  const room = await openChannels({
    platforms: [memo],
    clock,
    config: { channels: { memo: { textChunkLimit: 20 } } },
  });
  const { outboxId } = await send(room, "first part here and second part there");
  await until(async () => {
    await clock.advance(500);
    return (await status(room.store, outboxId)()) === "queued";
  });
  expect(await room.store.call.outbox.explain({ outboxId })).toMatchObject({ chunksSent: 1 });
  failing = false;
  await clock.advance(6_000);
  await until(async () => {
    await clock.advance(0);
    return (await status(room.store, outboxId)()) === "delivered";
  });
  expect(memo.sent.map(({ text }) => text)).toEqual(["first part here and", "second part there"]);
});

test("a refusal for good is dead at once", async () => {
  const memo = testPlatform();
  memo.onSend(() => Promise.reject(new Error("Forbidden: bot was blocked by the user")));
  const room = await openChannels({ platforms: [memo] });
  const { outboxId } = await send(room, "hello");
  await room.settled();
  expect(await room.store.call.outbox.explain({ outboxId })).toMatchObject({
    status: "dead",
    reason: "permanent",
    attempts: 1,
  });
});

test("a failure after the first byte is not repeated blindly", async () => {
  const memo = testPlatform();
  memo.onSend(async (context) => {
    await context.onPlatformSendDispatch?.();
    throw new Error("no answer");
  });
  const room = await openChannels({ platforms: [memo] });
  const { outboxId } = await send(room, "hello");
  await room.settled();
  expect(await room.store.call.outbox.explain({ outboxId })).toMatchObject({
    status: "dead",
    reason: "unknown-after-send",
    lastError: "no answer",
  });
});

test("messages of an account that is not connected wait without losing attempts", async () => {
  const memo = testPlatform();
  const room = await openChannels({ platforms: [memo] });
  memo.starts[0]?.setStatus({ connected: false });
  const { outboxId } = await send(room, "patience");
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(await room.store.call.outbox.explain({ outboxId })).toMatchObject({ status: "queued", attempts: 0 });
  memo.starts[0]?.setStatus({ connected: true });
  await room.settled();
  expect(memo.sent).toHaveLength(1);
});

test("[F130] message_sending cancels with true and decides nothing with false", async () => {
  const memo = testPlatform();
  const room = await openChannels({
    platforms: [memo],
    hooks: {
      message_sending: (event: { content: string }) => ({
        cancel: event.content.startsWith("secret"),
        ...(event.content === "plain" ? { content: "polished" } : {}),
      }),
    },
  });
  const secret = await send(room, "secret plan");
  await send(room, "plain");
  await room.settled();
  expect(await room.store.call.outbox.explain({ outboxId: secret.outboxId })).toMatchObject({
    status: "cancelled",
    reason: "cancelled_by_message_sending_hook",
  });
  expect(memo.sent.map(({ text }) => text)).toEqual(["polished"]);
});

test("[F132] message_sending sees reply and thread as fields of their own", async () => {
  const memo = testPlatform();
  const seen: object[] = [];
  const room = await openChannels({
    platforms: [memo],
    hooks: { message_sending: (event) => void seen.push(event) },
  });
  await room.channels.send({
    channel: "memo",
    to: "ada",
    text: "hi",
    threadId: "9",
    replyToId: "m1",
    idempotencyKey: "k",
  });
  await room.settled();
  expect(seen).toMatchObject([{ to: "ada", content: "hi", threadId: "9", replyToId: "m1" }]);
});

test("message_sent reports success with the platform's id and failure with the reason", async () => {
  const memo = testPlatform();
  memo.onSend((context) =>
    context.text === "bad" ? Promise.reject(new Error("chat not found")) : undefined,
  );
  const seen: object[] = [];
  const room = await openChannels({
    platforms: [memo],
    hooks: { message_sent: (event) => void seen.push(event) },
  });
  await send(room, "good");
  await send(room, "bad");
  await room.settled();
  expect(seen).toMatchObject([
    { content: "good", success: true, messageId: "sent-1" },
    { content: "bad", success: false, error: "chat not found" },
  ]);
});

test("a crash before the first byte sends again, one after it follows the channel's policy", async () => {
  const memo = testPlatform();
  const first = await openChannels({ platforms: [memo], start: false });
  const { store } = first;
  const row = (outboxId: string, channel: string, to: string) => ({
    outboxId,
    idempotencyKey: outboxId,
    channel,
    accountId: "default",
    to,
    chunks: [outboxId],
  });
  const now = Date.now();
  await store.call.outbox.enqueue({
    drafts: [row("never-begun", "memo", "a"), row("begun", "memo", "b"), row("begun-resent", "again", "c")],
    now,
  });
  for (const channel of ["memo", "again"])
    await store.call.outbox.claimDue({ channel, accountId: "default", now });
  await store.call.outbox.attemptStarted({ outboxId: "begun", now });
  await store.call.outbox.attemptStarted({ outboxId: "begun-resent", now });
  await first.close();

  const again = testPlatform({ id: "again" });
  const outbound = again.plugin.outbound;
  if (outbound) outbound.ambiguous = "resend";
  const second = await openChannels({ platforms: [memo, again], folder: first.folder });
  await second.settled();
  expect(memo.sent.map(({ text }) => text)).toEqual(["never-begun"]);
  expect(again.sent.map(({ text }) => text)).toEqual(["begun-resent"]);
  expect(await second.store.call.outbox.list({ status: "dead" })).toMatchObject([
    { outboxId: "begun", reason: "unknown-after-send" },
  ]);
});

test("a target is understood with the channel's prefix, and an unknown channel names the known ones", async () => {
  const memo = testPlatform();
  const room = await openChannels({ platforms: [memo] });
  expect(await send(room, "x", "memo:ada")).toMatchObject({ to: "ada" });
  await expect(
    room.channels.send({ channel: "pigeon", to: "a", text: "x", idempotencyKey: "k" }),
  ).rejects.toThrow('there is no channel "pigeon"; loaded channels: memo');
});

test("an answer longer than the limit is one row of several messages", async () => {
  const memo = testPlatform();
  const room = await openChannels({
    platforms: [memo],
    config: { channels: { memo: { dmPolicy: "open", allowFrom: ["*"], textChunkLimit: 12 } } },
  });
  await room.channels.receive(incoming({ text: "one two three four" }));
  await room.settled();
  expect(memo.sent.map(({ text }) => text)).toEqual(["re: one two", "three four"]);
  expect((await room.store.call.outbox.counts({})).accepted).toBe(1);
});
