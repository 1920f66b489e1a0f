import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ManualClock } from "../../../src/kernel/manual-clock.ts";
import { RunBudget } from "../../../src/runtime/agent/run-budget.ts";

function bench(limitMs: number) {
  const clock = new ManualClock();
  let spent = 0;
  const budget = new RunBudget(clock, limitMs, () => {
    spent += 1;
  });
  /** Pauses the budget until the returned function is called. */
  const pause = () => {
    let resume = () => {};
    const asked = budget.paused(() => new Promise<void>((resolve) => (resume = resolve)));
    return async () => {
      resume();
      await asked;
    };
  };
  return { clock, budget, pause, spent: () => spent };
}

describe("the time a turn may take", () => {
  it("is spent once, at its limit", async () => {
    const { clock, spent } = bench(1_000);
    await clock.advance(999);
    expect(spent()).toBe(0);
    await clock.advance(1);
    await clock.advance(5_000);
    expect(spent()).toBe(1);
  });

  it("has no end without a limit, and none after the turn", async () => {
    const unlimited = bench(0);
    await unlimited.clock.advance(1e9);
    expect(unlimited.spent()).toBe(0);
    const over = bench(1_000);
    const resume = over.pause();
    over.budget.dispose();
    await resume();
    await over.clock.advance(5_000);
    expect(over.spent()).toBe(0);
  });

  it("[F270] stands still while an operator is asked, however many questions overlap", async () => {
    const { clock, pause, spent } = bench(1_000);
    await clock.advance(400);
    const first = pause();
    await clock.advance(60_000);
    const second = pause();
    await first();
    await clock.advance(60_000);
    await second();
    await clock.advance(599);
    expect(spent()).toBe(0);
    await clock.advance(1);
    expect(spent()).toBe(1);
  });

  it("goes on when a question fails", async () => {
    const { clock, budget, spent } = bench(1_000);
    await expect(budget.paused(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
    await clock.advance(1_000);
    expect(spent()).toBe(1);
  });

  it("counts exactly the time outside of questions", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ asked: fc.boolean(), ms: fc.integer({ min: 1, max: 400 }) }), { maxLength: 12 }),
        async (steps) => {
          const { clock, pause, spent } = bench(1_000);
          let running = 0;
          for (const { asked, ms } of steps) {
            const resume = asked ? pause() : undefined;
            await clock.advance(ms);
            if (!asked) running += ms;
            await resume?.();
            expect(spent()).toBe(running >= 1_000 ? 1 : 0);
          }
        },
      ),
    );
  });
});
