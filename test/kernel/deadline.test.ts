import { expect, it } from "vitest";
import { withDeadline } from "../../src/kernel/deadline.ts";
import { ManualClock } from "../../src/kernel/manual-clock.ts";

it("settles like the work when that is in time, and leaves no timer behind", async () => {
  const clock = new ManualClock();
  expect(await withDeadline(Promise.resolve(5), 100, "it", clock)).toBe(5);
  await expect(withDeadline(Promise.reject(new Error("own")), 100, "it", clock)).rejects.toThrow("own");
  expect(clock.armed).toBe(0);
});

it("rejects with TIMEOUT at the limit, and a later failure of the work disturbs nobody", async () => {
  const clock = new ManualClock();
  let fail = (_error: Error) => {};
  const work = new Promise<never>((_, reject) => {
    fail = reject;
  });
  const waiting = withDeadline(work, 100, "the answer", clock).catch((error) => error);
  await clock.advance(100);
  expect(await waiting).toMatchObject({ code: "TIMEOUT", retryable: true, details: { limitMs: 100 } });
  fail(new Error("too late"));
  await clock.advance(1);
  expect(clock.armed).toBe(0);
});
