import { expect, test } from "vitest";
import { classifyFailure, MAX_RETRY_AFTER_MS } from "../../../src/channels/outbound/failure.ts";
import { ManualClock } from "../../../src/kernel/manual-clock.ts";
import { OUTBOX_MAX_WAIT_MS } from "../../../src/store/procedures/outbox.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { openChannels, testPlatform } from "../support.ts";

const YEAR_MS = 365 * 86_400_000;

test("a message put off while the clock was years ahead goes out once the clock is right", async () => {
  const folder = await temporaryFolder();
  const memo = testPlatform();
  memo.onSend(() =>
    Promise.reject(Object.assign(new Error("no route"), { code: "ECONNREFUSED", retryAfterMs: 60_000 })),
  );
  const ahead = new ManualClock(Date.UTC(2026, 0, 1) + 4 * YEAR_MS);
  const before = await openChannels({ platforms: [memo], clock: ahead, folder });
  const put = await before.channels.send({ channel: "memo", to: "ada", text: "one", idempotencyKey: "k1" });
  await expect.poll(async () => (await before.store.call.outbox.explain(put))?.lastError).toBeDefined();
  await before.close();

  memo.onSend(() => undefined);
  const clock = new ManualClock(Date.UTC(2026, 0, 1));
  const after = await openChannels({ platforms: [memo], clock, folder });
  await after.channels.send({ channel: "memo", to: "ada", text: "two", idempotencyKey: "k2" });
  for (let tries = 0; tries < 200 && memo.sent.length < 2; tries++) {
    await clock.advance(0);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect(memo.sent.map(({ text }) => text)).toEqual(["one", "two"]);
});

test("the longest pause a platform may ask for is kept", async () => {
  const clock = new ManualClock();
  const memo = testPlatform();
  memo.onSend(() =>
    Promise.reject(Object.assign(new Error("wait"), { status: 429, retryAfterMs: MAX_RETRY_AFTER_MS })),
  );
  const room = await openChannels({ platforms: [memo], clock });
  const put = await room.channels.send({ channel: "memo", to: "ada", text: "one", idempotencyKey: "k1" });
  await expect.poll(async () => (await room.store.call.outbox.explain(put))?.lastError).toBeDefined();
  room.channels.hastenOutbound(() => "when-due");
  await clock.advance(60_000);
  expect(await room.store.call.outbox.explain(put)).toMatchObject({ status: "queued", attempts: 1 });
  expect(MAX_RETRY_AFTER_MS).toBeLessThan(OUTBOX_MAX_WAIT_MS);
});

test.each([
  [Number.NaN, undefined],
  [Number.POSITIVE_INFINITY, MAX_RETRY_AFTER_MS],
  [-5, 0],
  [MAX_RETRY_AFTER_MS + 1, MAX_RETRY_AFTER_MS],
  [1.5, 2],
])("a pause of %d ms is understood as %s", (stated, understood) => {
  const error = Object.assign(new Error("slow down"), { status: 429, retryAfterMs: stated });
  expect(classifyFailure(error, false).retryAfterMs).toBe(understood);
});
