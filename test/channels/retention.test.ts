import { expect, test } from "vitest";
import { RetentionSweep, SETTLED_LIFETIME_MS } from "../../src/channels/retention.ts";
import { silentLogger } from "../../src/kernel/logger.ts";
import { ManualClock } from "../../src/kernel/manual-clock.ts";
import { openStore } from "../../src/store/index.ts";
import { DELIVERY_TRIM_BATCH } from "../../src/store/procedures/delivery-listing.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

async function storeWith(messages: number, now: number) {
  const store = await openStore({ folder: await temporaryFolder() });
  await Promise.all(
    Array.from({ length: messages }, async (_, index) => {
      const inboxId = `row-${index}`;
      await store.call.inbox.accept({
        inboxId,
        channel: "memo",
        accountId: "default",
        messageId: `m-${index}`,
        conversation: "c",
        payload: {},
        receivedAt: now,
      });
      await store.call.inbox.ignore({ inboxId, reason: "test", now: now + index });
    }),
  );
  return store;
}

test("settled messages go after their lifetime, open ones never", async () => {
  const clock = new ManualClock();
  const store = await storeWith(3, clock.now());
  await store.call.inbox.accept({
    inboxId: "open",
    channel: "memo",
    accountId: "default",
    messageId: "open",
    conversation: "c",
    payload: {},
    receivedAt: clock.now(),
  });
  const sweep = new RetentionSweep({ store, clock, logger: silentLogger });
  expect(await sweep.sweep()).toEqual({ deleted: 0 });
  await clock.advance(SETTLED_LIFETIME_MS + 10);
  expect(await sweep.sweep()).toEqual({ deleted: 3 });
  expect(await store.call.inbox.counts({})).toMatchObject({ accepted: 4, trimmed: 3, balanced: true });
  await store.dispose();
});

test("one step deletes at most a batch and says that more is left", async () => {
  const store = await storeWith(DELIVERY_TRIM_BATCH + 1, 0);
  const input = { before: 10_000_000, keep: 0 };
  expect(await store.call.inbox.trim(input)).toEqual({ deleted: DELIVERY_TRIM_BATCH, more: true });
  expect(await store.call.inbox.trim(input)).toEqual({ deleted: 1, more: false });
  await store.dispose();
});

test("beyond the number to keep the oldest go first", async () => {
  const store = await storeWith(5, 1_000);
  expect(await store.call.inbox.trim({ before: 0, keep: 2 })).toEqual({ deleted: 3, more: false });
  expect((await store.call.inbox.list({})).map((row) => row.inboxId)).toEqual(["row-4", "row-3"]);
  await store.dispose();
});
