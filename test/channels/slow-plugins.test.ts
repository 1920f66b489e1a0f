import { describe, expect, test } from "vitest";
import { INTAKE_DRAIN_LIMIT_MS } from "../../src/channels/inbound/pipeline.ts";
import { RESUME_WAIT_MS } from "../../src/channels/service.ts";
import { ManualClock } from "../../src/kernel/manual-clock.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { type ChannelRoom, incoming, openChannels, testPlatform } from "./support.ts";

/** Never ends what it is asked about messages of Ada; the others pass. */
const stuckWithAda = {
  before_dispatch: (event: { senderId?: string }) =>
    event.senderId === "ada" ? new Promise(() => {}) : undefined,
};

const fromBob = () =>
  incoming({
    text: "hi",
    conversation: { kind: "direct", id: "bob" },
    sender: { id: "bob" },
    reply: { to: "bob" },
  });

async function stopIntake(room: ChannelRoom, clock: ManualClock): Promise<number> {
  let stopped = false;
  void room.channels.stopIntake().then(() => {
    stopped = true;
  });
  return stepUntil(clock, () => stopped);
}

async function stepUntil(clock: ManualClock, done: () => boolean): Promise<number> {
  const began = clock.monotonic();
  for (let tries = 0; tries < 500 && !done(); tries++) {
    await new Promise((resolve) => setTimeout(resolve, 2));
    await clock.advance(100);
  }
  expect(done()).toBe(true);
  return clock.monotonic() - began;
}

describe("a plugin that never decides about a message", () => {
  test("does not keep the gateway from starting, nor others from being answered", async () => {
    const folder = await temporaryFolder();
    const before = await openChannels({ platforms: [testPlatform()], folder, start: false });
    await before.store.call.inbox.accept({
      inboxId: "left-over",
      channel: "memo",
      accountId: "default",
      messageId: "m-left-over",
      conversation: "c",
      payload: { v: 1, mode: "message", message: incoming({ timestamp: 1 }) },
      receivedAt: 1,
    });
    await before.close();

    const clock = new ManualClock();
    const memo = testPlatform();
    const room = await openChannels({ platforms: [memo], folder, clock, hooks: stuckWithAda, start: false });
    let started = false;
    const starting = room.channels.start().then(() => {
      started = true;
    });
    expect(await stepUntil(clock, () => started)).toBeGreaterThanOrEqual(RESUME_WAIT_MS - 1_000);
    await starting;
    await room.channels.receive(fromBob());
    await stepUntil(clock, () => memo.sent.length > 0);
    expect(memo.sent.map(({ to }) => to)).toEqual(["bob"]);
    await stopIntake(room, clock);
  });

  test("does not hold up the stop; the message stays open for the next start", async () => {
    const clock = new ManualClock();
    const room = await openChannels({ platforms: [testPlatform()], clock, hooks: stuckWithAda });
    void room.channels.receive(incoming({ messageId: "stuck" }));
    await expect.poll(async () => (await room.store.call.inbox.counts({})).byStatus.pending).toBe(1);
    const waited = await stopIntake(room, clock);
    expect(waited).toBeLessThanOrEqual(INTAKE_DRAIN_LIMIT_MS + 1_000);
    expect((await room.store.call.inbox.counts({})).byStatus.pending).toBe(1);
  });
});
