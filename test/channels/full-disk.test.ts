import { describe, expect, test } from "vitest";
import {
  MAX_START_ATTEMPTS,
  WANT_OF_ROOM_PACE_MS,
  WANT_OF_ROOM_RETRY_MS,
} from "../../src/channels/inbound/start-retries.ts";
import { SluiceError } from "../../src/kernel/errors.ts";
import { ManualClock } from "../../src/kernel/manual-clock.ts";
import { WRITE_RETRY_DELAYS_MS } from "../../src/store/until-written.ts";
import { storeFaults } from "../support/store-faults.ts";
import { type ChannelRoom, incoming, openChannels, testPlatform } from "./support.ts";

/** Store work is real, so steps of the clock go on until it has done what is waited for. */
async function until(clock: ManualClock, check: () => boolean | Promise<boolean>, stepMs = 50) {
  for (let tries = 0; tries < 1_000; tries++) {
    if (await check()) return;
    await clock.advance(stepMs);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  throw new Error("the condition was not reached");
}

const send = (room: ChannelRoom, text: string) =>
  room.channels.send({ channel: "memo", to: "ada", text, idempotencyKey: `k-${text.slice(0, 12)}` });

/** Longer than any fixed number of tries lasts. */
const LONG_OUTAGE_MS = 4 * WRITE_RETRY_DELAYS_MS.reduce((sum, delay) => sum + delay, 0);

describe("while the store takes nothing", () => {
  test("a message that was sent is not sent again, and its recipient gets the next one afterwards", async () => {
    const clock = new ManualClock();
    const faults = storeFaults();
    const memo = testPlatform();
    const room = await openChannels({ platforms: [memo], clock, around: faults.around });
    faults.refuse(["outbox.delivered"]);
    const { outboxId } = await send(room, "one");
    await until(clock, () => faults.refused > 0);
    await send(room, "two");
    for (let waited = 0; waited < LONG_OUTAGE_MS; waited += 5_000) {
      await clock.advance(5_000);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(faults.refused).toBeGreaterThan(WRITE_RETRY_DELAYS_MS.length);
    expect(memo.sent.map(({ text }) => text)).toEqual(["one"]);
    faults.heal();
    await until(clock, () => memo.sent.length === 2, 1_000);
    expect(memo.sent.map(({ text }) => text)).toEqual(["one", "two"]);
    expect(await room.store.call.outbox.explain({ outboxId })).toMatchObject({
      status: "delivered",
      attempts: 1,
    });
  });

  test("a part that was sent is not sent again", async () => {
    const clock = new ManualClock();
    const faults = storeFaults();
    const memo = testPlatform();
    const room = await openChannels({
      platforms: [memo],
      clock,
      around: faults.around,
      config: { channels: { memo: { textChunkLimit: 20 } } },
    });
    faults.refuse(["outbox.chunkSent"]);
    await send(room, "first part here and second part there");
    await until(clock, () => faults.refused > 2);
    faults.heal();
    await until(clock, () => memo.sent.length >= 2, 1_000);
    await room.settled();
    expect(memo.sent.map(({ text }) => text)).toEqual(["first part here and", "second part there"]);
  });

  test("a recorded message waits without using up its attempts, and is answered once there is room", async () => {
    const clock = new ManualClock();
    const faults = storeFaults();
    const memo = testPlatform();
    const room = await openChannels({ platforms: [memo], clock, around: faults.around });
    faults.refuse(["turns.accept", "inbox.defer"]);
    const result = await room.channels.receive(incoming({ messageId: "while-full", text: "are you there" }));
    expect(result.status).toBe("buffered");
    const before = faults.refused;
    await until(clock, () => faults.refused > before + MAX_START_ATTEMPTS, WANT_OF_ROOM_RETRY_MS);
    expect(await room.store.call.inbox.explain({ inboxId: result.inboxId })).toMatchObject({
      status: "pending",
      attempts: 0,
    });
    faults.heal();
    await until(clock, () => memo.sent.length > 0, WANT_OF_ROOM_RETRY_MS);
    expect(memo.sent.map(({ text }) => text)).toEqual(["re: are you there"]);
  });
});

describe("messages that were collected into one", () => {
  const config = {
    messages: { inbound: { debounceMs: 1_000 } },
    channels: { memo: { dmPolicy: "open", allowFrom: ["*"] } },
  };

  test("keep all their words when the turn can only be started at a second try", async () => {
    const clock = new ManualClock();
    const faults = storeFaults();
    const memo = testPlatform();
    const room = await openChannels({ platforms: [memo], clock, config, around: faults.around });
    faults.refuse(["turns.accept"], "STORE_FAILED");
    await room.channels.receive(incoming({ text: "first" }));
    await room.channels.receive(incoming({ text: "second" }));
    await until(clock, () => faults.refused > 0, 1_000);
    faults.heal();
    await until(clock, () => memo.sent.length > 0, 1_000);
    expect(memo.sent.map(({ text }) => text)).toEqual(["re: first\nsecond"]);
  });

  test("are each answered when they can not be put together", async () => {
    const clock = new ManualClock();
    const faults = storeFaults();
    const memo = testPlatform();
    const room = await openChannels({ platforms: [memo], clock, config, around: faults.around });
    faults.refuse(["inbox.merge"], "STORE_FAILED");
    await room.channels.receive(incoming({ text: "first" }));
    await room.channels.receive(incoming({ text: "second" }));
    await until(clock, () => faults.refused > 0, 1_000);
    faults.heal();
    await until(clock, async () => (await room.store.call.inbox.counts({})).byStatus.pending === 0, 1_000);
    await room.settled();
    const said = memo.sent.map(({ text }) => text).join(" ");
    expect(said).toContain("first");
    expect(said).toContain("second");
    expect((await room.store.call.inbox.counts({})).balanced).toBe(true);
  });
});

test("of many messages that wait for room only some are tried again at a time", async () => {
  const clock = new ManualClock();
  const memo = testPlatform();
  const room = await openChannels({ platforms: [memo], clock });
  let tries = 0;
  room.agent.accept = () => {
    tries += 1;
    return Promise.reject(new SluiceError("AGENT_BUSY", "full", { retryable: true }));
  };
  const many = (2 * WANT_OF_ROOM_RETRY_MS) / WANT_OF_ROOM_PACE_MS;
  for (let index = 0; index < many; index++) {
    const id = `person-${index}`;
    await room.channels.receive(
      incoming({ conversation: { kind: "direct", id }, sender: { id }, reply: { to: id } }),
    );
  }
  tries = 0;
  await clock.advance(WANT_OF_ROOM_RETRY_MS - 1);
  expect(tries).toBe(0);
  await clock.advance(1);
  await until(clock, () => tries >= many / 2, 0);
  expect(tries).toBeLessThanOrEqual(many / 2);
});

test("a message for a session with no room waits until there is some, however long that takes", async () => {
  const clock = new ManualClock();
  const memo = testPlatform();
  const room = await openChannels({ platforms: [memo], clock });
  const { accept } = room.agent;
  let busy = true;
  room.agent.accept = (request) =>
    busy
      ? Promise.reject(
          new SluiceError("AGENT_BUSY", "the session has 200 turns waiting", { retryable: true }),
        )
      : accept.call(room.agent, request);
  const { inboxId } = await room.channels.receive(incoming({ text: "patience" }));
  for (let tries = 0; tries < 2 * MAX_START_ATTEMPTS; tries++) {
    await clock.advance(WANT_OF_ROOM_RETRY_MS);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  expect(await room.store.call.inbox.explain({ inboxId })).toMatchObject({ status: "pending", attempts: 0 });
  busy = false;
  await until(clock, () => memo.sent.length > 0, WANT_OF_ROOM_RETRY_MS);
  expect(memo.sent.map(({ text }) => text)).toEqual(["re: patience"]);
});
