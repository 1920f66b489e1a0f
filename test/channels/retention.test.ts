import { expect, test } from "vitest";
import { FIRST_SWEEP_AFTER_MS, RetentionSweep, SETTLED_LIFETIME_MS } from "../../src/channels/retention.ts";
import { silentLogger } from "../../src/kernel/logger.ts";
import { ManualClock } from "../../src/kernel/manual-clock.ts";
import { openStore, type Store } from "../../src/store/index.ts";
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
  const sweep = new RetentionSweep({
    store,
    clock,
    logger: silentLogger,
    mediaFolder: await temporaryFolder(),
  });
  expect(await sweep.sweep()).toEqual({ deleted: 0 });
  await clock.advance(SETTLED_LIFETIME_MS + 10);
  expect(await sweep.sweep()).toEqual({ deleted: 3 });
  expect(await store.call.inbox.counts({})).toMatchObject({ accepted: 4, trimmed: 3, balanced: true });
  await store.dispose();
});

async function endedTurns(store: Store, ended: readonly number[]) {
  for (const [index, endedAt] of ended.entries()) {
    const runId = `run-${index}`;
    const sessionKey = "agent:main:main";
    const request = { runId, sessionKey, agentId: "main", origin: "chat", text: "hi" } as const;
    const { sessionId } = await store.call.turns.accept({
      request,
      newSession: { sessionId: "s", lifecycleRevision: "1" },
      userMessage: { entryId: `user-${index}`, body: '{"role":"user","content":"hi"}' },
      now: endedAt,
    });
    await store.call.turns.finish({
      outcome: {
        runId,
        sessionKey,
        sessionId,
        agentId: "main",
        status: "done",
        startedAt: 0,
        endedAt,
        payloads: [],
      },
      entries: [],
      outbox: [],
      now: endedAt,
    });
  }
}

test("ended turns go after their lifetime; what was said stays, and so do turns that are open", async () => {
  const clock = new ManualClock();
  const store = await openStore({ folder: await temporaryFolder() });
  const now = clock.now();
  await endedTurns(store, [now, now + 1, now + SETTLED_LIFETIME_MS]);
  await store.call.turns.accept({
    request: { runId: "open", sessionKey: "agent:main:main", agentId: "main", origin: "chat", text: "hi" },
    newSession: { sessionId: "s", lifecycleRevision: "1" },
    now,
  });
  const sweep = new RetentionSweep({
    store,
    clock,
    logger: silentLogger,
    mediaFolder: await temporaryFolder(),
  });
  await clock.advance(SETTLED_LIFETIME_MS + 2);
  expect(await sweep.sweep()).toEqual({ deleted: 2 });
  expect(await store.call.turns.get({ runId: "run-1" })).toBeUndefined();
  expect(await store.call.turns.get({ runId: "run-2" })).toMatchObject({ status: "done" });
  expect(await store.call.turns.get({ runId: "open" })).toMatchObject({ status: "queued" });
  expect(await store.call.turns.counts({})).toMatchObject({ accepted: 4, balanced: true });
  const page = await store.call.transcripts.page({ sessionKey: "agent:main:main", limit: 10 });
  expect(page?.entries).toHaveLength(3);
  await store.dispose();
});

test("of ended turns no more than the number to keep stay, in steps of one batch", async () => {
  const store = await openStore({ folder: await temporaryFolder() });
  await endedTurns(store, [10, 20, 30, 40]);
  expect(await store.call.turns.trim({ before: 0, keep: 1 })).toEqual({ deleted: 3, more: false });
  expect(await store.call.turns.get({ runId: "run-3" })).toMatchObject({ status: "done" });
  await store.dispose();
});

test("a gateway that is restarted within the hour sweeps as well", async () => {
  const clock = new ManualClock();
  const store = await storeWith(1, clock.now() - SETTLED_LIFETIME_MS - 1);
  const sweep = new RetentionSweep({
    store,
    clock,
    logger: silentLogger,
    mediaFolder: await temporaryFolder(),
  });
  sweep.start();
  await clock.advance(FIRST_SWEEP_AFTER_MS);
  await expect.poll(async () => (await store.call.inbox.counts({})).trimmed).toBe(1);
  sweep.dispose();
  expect(clock.armed).toBe(0);
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
