import fc from "fast-check";
import { expect, test } from "vitest";
import { openIngressQueue } from "../../../src/channels/runtime/ingress-queue.ts";
import { ManualClock } from "../../../src/kernel/manual-clock.ts";
import { openStore } from "../../../src/store/index.ts";
import { INGRESS_MAX_WAIT_MS, INGRESS_SCAN_LIMIT } from "../../../src/store/procedures/ingress-claims.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

async function queueOf() {
  const store = await openStore({ folder: await temporaryFolder() });
  const clock = new ManualClock();
  return { store, clock, queue: openIngressQueue<{ n: number }>({ store, clock }, { channel: "memo" }) };
}

test("an event is accepted once, claimed, completed, and known for ever after without its payload", async () => {
  const { store, queue } = await queueOf();
  expect(await queue.enqueue("e1", { n: 1 }, { laneKey: "a" })).toMatchObject({
    kind: "accepted",
    duplicate: false,
  });
  expect(await queue.enqueue("e1", { n: 1 })).toMatchObject({ kind: "pending", duplicate: true });
  const claim = await queue.claimNext();
  expect(claim).toMatchObject({ id: "e1", payload: { n: 1 }, status: "claimed", laneKey: "a" });
  expect(await queue.enqueue("e1", { n: 1 })).toMatchObject({ kind: "claimed" });
  expect(await queue.complete(claim ?? "")).toBe(true);
  expect(await queue.enqueue("e1", { n: 2 })).toMatchObject({
    kind: "completed",
    duplicate: true,
    record: { payload: null },
  });
  expect(await store.call.inbox.counts({ kind: "event" })).toMatchObject({ accepted: 1, balanced: true });
  await store.dispose();
});

test("a second name of an event is done with before it comes", async () => {
  const { store, queue } = await queueOf();
  await queue.enqueue("uuid:1", { n: 1 });
  // True the first time: nobody has had it under that name.
  expect(await queue.complete("number:1")).toBe(true);
  expect(await queue.complete("number:1")).toBe(false);
  expect(await queue.enqueue("number:1", { n: 1 })).toMatchObject({ kind: "completed", duplicate: true });
  expect(await queue.complete({ id: "never" })).toBe(false);
  expect(await queue.listPending()).toMatchObject([{ id: "uuid:1" }]);
  expect(await store.call.inbox.counts({ kind: "event" })).toMatchObject({ accepted: 2, balanced: true });
  await store.dispose();
});

test("a lane is worked on one event at a time and in order, other lanes beside it", async () => {
  const { store, clock, queue } = await queueOf();
  for (const [id, laneKey] of [
    ["a1", "a"],
    ["a2", "a"],
    ["b1", "b"],
  ] as const) {
    await queue.enqueue(id, { n: 0 }, { laneKey });
  }
  const first = await queue.claimNext();
  expect(first?.id).toBe("a1");
  expect((await queue.claimNext())?.id).toBe("b1");
  expect(await queue.claimNext()).toBeNull();
  await queue.release("a1", { lastError: "busy", availableAt: clock.now() + 1_000 });
  expect(await queue.claimNext()).toBeNull();
  await clock.advance(1_000);
  expect(await queue.claimNext()).toMatchObject({ id: "a1", attempts: 1, lastError: "busy" });
  await store.dispose();
});

test("a failed event keeps its payload and can be resubmitted; stale claims come back", async () => {
  const { store, clock, queue } = await queueOf();
  await queue.enqueue("e1", { n: 7 });
  await queue.claim("e1");
  await queue.fail("e1", { reason: "bad", message: "no text" });
  expect(await queue.listFailed()).toMatchObject([
    { id: "e1", payload: { n: 7 }, lastError: "bad: no text" },
  ]);
  expect(await queue.resubmit("e1")).toBe(true);
  expect(await queue.claim("e1")).toMatchObject({ attempts: 0 });
  await clock.advance(400_000);
  expect(await queue.recoverStaleClaims()).toBe(1);
  expect(await queue.listPending()).toHaveLength(1);
  await store.dispose();
});

test("tombstones go by age and number", async () => {
  const { store, clock, queue } = await queueOf();
  for (let index = 0; index < 5; index++) {
    await queue.enqueue(`e${index}`, { n: index });
    await queue.complete(`e${index}`);
    await clock.advance(1_000);
  }
  expect(await queue.prune({ completedMax: 3 })).toBe(2);
  expect(await queue.prune({ completedTtlMs: 1_500 })).toBe(2);
  expect(await store.call.inbox.counts({ kind: "event" })).toMatchObject({ trimmed: 4, balanced: true });
  await store.dispose();
});

test("whatever is done to the queue, nothing is lost and no lane is claimed twice", async () => {
  const { store, clock, queue } = await queueOf();
  const step = fc.oneof(
    fc.record({ kind: fc.constant("enqueue" as const), id: fc.nat(8), lane: fc.constantFrom("a", "b") }),
    fc.record({
      kind: fc.constantFrom("claim" as const, "complete" as const, "release" as const, "fail" as const),
      id: fc.nat(8),
      lane: fc.constant(""),
    }),
  );
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      run += 1;
      const id = (n: number) => `${run}-${n}`;
      const lanes = new Map<string, string>();
      for (const { kind, id: n, lane } of steps) {
        if (kind === "enqueue") {
          if ((await queue.enqueue(id(n), { n }, { laneKey: `${run}${lane}` })).kind === "accepted")
            lanes.set(id(n), lane);
        } else if (kind === "claim") await queue.claimNext();
        else if (kind === "complete") await queue.complete(id(n));
        else if (kind === "release") await queue.release(id(n));
        else await queue.fail(id(n), { reason: "x" });
        const claimed = (await queue.listClaims()).map((record) => record.laneKey);
        expect(new Set(claimed).size).toBe(claimed.length);
        expect((await store.call.inbox.counts({ kind: "event" })).balanced).toBe(true);
      }
      for (const record of await queue.listClaims()) await queue.complete(record);
      for (const record of await queue.listPending()) await queue.complete(record);
      await clock.advance(1);
    }),
    { numRuns: 25 },
  );
  await store.dispose();
});

test("events put off or claimed while the clock was years ahead come back once it is right", async () => {
  const store = await openStore({ folder: await temporaryFolder() });
  const now = Date.UTC(2026, 0, 1);
  const ahead = openIngressQueue<{ n: number }>(
    { store, clock: new ManualClock(now + 4 * 365 * 86_400_000) },
    { channel: "memo" },
  );
  await ahead.enqueue("claimed", { n: 1 });
  await ahead.claim("claimed");
  await ahead.enqueue("put-off", { n: 2 }, { laneKey: "a" });
  await ahead.claim("put-off");
  await ahead.release("put-off", { availableAt: now + 4 * 365 * 86_400_000 + 5_000 });

  const clock = new ManualClock(now);
  const queue = openIngressQueue<{ n: number }>({ store, clock }, { channel: "memo" });
  expect(await queue.claimNext()).toMatchObject({ id: "put-off" });
  expect(await queue.recoverStaleClaims()).toBe(1);
  // A claim of this moment is nobody else's, also when the clock has just been set back a little.
  await clock.advance(0);
  expect(await queue.claimNext()).toMatchObject({ id: "claimed" });
  const slightlyBack = openIngressQueue({ store, clock: new ManualClock(now - 60_000) }, { channel: "memo" });
  expect(await slightlyBack.recoverStaleClaims()).toBe(0);
  await queue.release("claimed", { availableAt: now + INGRESS_MAX_WAIT_MS });
  expect(await queue.claimNext()).toBeNull();
  await store.dispose();
});

test("however much waits in a lane whose first event is put off, the others go on", async () => {
  const { store, clock, queue } = await queueOf();
  for (let index = 0; index < INGRESS_SCAN_LIMIT + 5; index++) {
    await queue.enqueue(`a${index}`, { n: index }, { laneKey: "a" });
  }
  await queue.claim("a0");
  await queue.release("a0", { availableAt: clock.now() + 60_000 });
  await queue.enqueue("b0", { n: 0 }, { laneKey: "b" });
  await queue.enqueue("loose", { n: 0 });
  expect(await queue.claimNext({ candidateIds: ["loose", "a1"] })).toMatchObject({ id: "loose" });
  expect(await queue.claimNext()).toMatchObject({ id: "b0" });
  expect(await queue.claimNext()).toBeNull();
  await clock.advance(60_000);
  expect(await queue.claimNext()).toMatchObject({ id: "a0" });
  await store.dispose();
});
