import { describe, expect, it } from "vitest";
import { MAX_EXPIRE_ROWS } from "../../../src/store/procedures/idempotency.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { openTestStore } from "../support/core-store.ts";

const id = { family: "chat.send", key: "k1" };
const begin = { ...id, fingerprint: "f1", owner: "run-1", now: 1_000, ttlMs: 500 };

describe("idempotent results", () => {
  it("does once, says so while at it, and repeats the stored result", async () => {
    const { call } = await openTestStore();
    expect(await call.idempotency.begin(begin)).toEqual({ status: "new" });
    expect(await call.idempotency.begin({ ...begin, now: 1_100 })).toEqual({
      status: "in_flight",
      beganAt: 1_000,
    });
    expect(await call.idempotency.finish({ ...id, result: '{"ok":true}', now: 1_200, ttlMs: 500 })).toBe(
      true,
    );
    expect(await call.idempotency.begin({ ...begin, now: 1_300 })).toEqual({
      status: "done",
      result: '{"ok":true}',
    });
    expect(await call.idempotency.lookup({ ...id, now: 1_300 })).toEqual({
      status: "done",
      fingerprint: "f1",
      result: '{"ok":true}',
    });
  });

  it("treats the same key for something else as a conflict, and another family as another key", async () => {
    const { call } = await openTestStore();
    await call.idempotency.begin(begin);
    expect(await call.idempotency.begin({ ...begin, fingerprint: "f2" })).toEqual({ status: "conflict" });
    expect(await call.idempotency.begin({ ...begin, family: "agent", fingerprint: "f2" })).toEqual({
      status: "new",
    });
  });

  it("hands work interrupted by a crash to exactly one caller of the next process", async () => {
    const folder = await temporaryFolder();
    const first = await openTestStore(folder);
    await first.call.idempotency.begin(begin);
    await first.dispose();
    const { call } = await openTestStore(folder);
    const next = { ...begin, owner: "run-2", now: 1_100 };
    const states = await Promise.all([call.idempotency.begin(next), call.idempotency.begin(next)]);
    expect(states).toEqual([
      { status: "interrupted", beganAt: 1_000 },
      { status: "in_flight", beganAt: 1_000 },
    ]);
  });

  it("forgets at the instant of expiry, not before", async () => {
    const { call } = await openTestStore();
    await call.idempotency.begin(begin);
    await call.idempotency.finish({ ...id, result: "1", now: 1_000, ttlMs: 500 });
    expect(await call.idempotency.begin({ ...begin, now: 1_499 })).toMatchObject({ status: "done" });
    expect(await call.idempotency.lookup({ ...id, now: 1_500 })).toBeUndefined();
    expect(await call.idempotency.begin({ ...begin, now: 1_500 })).toEqual({ status: "new" });
  });

  it("gives a claim back after a failure without effect", async () => {
    const { call } = await openTestStore();
    await call.idempotency.begin(begin);
    expect(await call.idempotency.abandon(id)).toBe(true);
    expect(await call.idempotency.finish({ ...id, result: "1", now: 1_000, ttlMs: 1 })).toBe(false);
    expect(await call.idempotency.begin(begin)).toEqual({ status: "new" });
  });

  it("removes expired entries in bounded steps", async () => {
    const { call } = await openTestStore();
    const keys = Array.from({ length: MAX_EXPIRE_ROWS + 1 }, (_, index) => `k${index}`);
    await Promise.all(keys.map((key) => call.idempotency.begin({ ...begin, key })));
    expect(await call.idempotency.expire({ now: 1_500 })).toBe(true);
    expect(await call.idempotency.expire({ now: 1_500 })).toBe(false);
    expect(await call.idempotency.expire({ now: 1_500 })).toBe(false);
  });
});
