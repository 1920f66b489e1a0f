import fc from "fast-check";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { MAX_TIMER_DELAY_MS, systemClock } from "../../src/kernel/clock.ts";
import { ManualClock } from "../../src/kernel/manual-clock.ts";

describe("the manual clock", () => {
  it("stands still until it is advanced and runs what is due in order", async () => {
    const clock = new ManualClock(1_000);
    const notes: string[] = [];
    clock.after(20, () => notes.push(`late at ${clock.now()}`));
    clock.after(10, () => notes.push(`early at ${clock.now()}`));
    clock.after(10, () => notes.push("second of two"));
    await clock.advance(9);
    expect(notes).toEqual([]);
    await clock.advance(11);
    expect(notes).toEqual(["early at 1010", "second of two", "late at 1020"]);
    expect([clock.now(), clock.monotonic(), clock.armed]).toEqual([1_020, 20, 0]);
  });

  it("repeats, and stops when disposed, also from within", async () => {
    const clock = new ManualClock();
    let count = 0;
    const timer = clock.every(10, () => {
      if (++count === 3) timer.dispose();
    });
    await clock.advance(1_000);
    expect(count).toBe(3);
    expect(clock.armed).toBe(0);
  });

  it("survives a period of nothing", async () => {
    const clock = new ManualClock();
    let count = 0;
    const timer = clock.every(0, () => void count++);
    await clock.advance(5);
    timer.dispose();
    expect(count).toBeGreaterThanOrEqual(5);
    expect(count).toBeLessThanOrEqual(6);
  });

  it("runs what a callback arms, when it falls into the same advance", async () => {
    const clock = new ManualClock();
    const times: number[] = [];
    const start = clock.now();
    clock.after(5, () => {
      clock.after(5, () => times.push(clock.now() - start));
    });
    await clock.advance(10);
    expect(times).toEqual([10]);
  });

  it("lets chains of promises settle between two timers", async () => {
    const clock = new ManualClock();
    const notes: string[] = [];
    void (async () => {
      await clock.sleep(10);
      await Promise.resolve();
      notes.push("slept");
      await clock.sleep(10);
      notes.push("slept again");
    })();
    await clock.advance(20);
    expect(notes).toEqual(["slept", "slept again"]);
  });

  it("rejects a sleep that is aborted and forgets its timer", async () => {
    const clock = new ManualClock();
    const controller = new AbortController();
    const sleeping = clock.sleep(1_000, controller.signal);
    controller.abort(new Error("woken"));
    await expect(sleeping).rejects.toThrow("woken");
    expect(clock.armed).toBe(0);
    await expect(clock.sleep(1, controller.signal)).rejects.toThrow("woken");
  });

  it("runs any set of timers in order of time, each exactly once", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(100), { maxLength: 20 }), fc.nat(120), async (delays, by) => {
        const clock = new ManualClock(0);
        const ran: number[] = [];
        for (const delay of delays) clock.after(delay, () => ran.push(clock.now()));
        await clock.advance(by);
        expect(ran).toEqual(delays.filter((delay) => delay <= by).sort((a, b) => a - b));
      }),
      { numRuns: 50 },
    );
  });
});

describe("the system clock", () => {
  it("does not fire early for delays a timer can not hold", () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    let fired = 0;
    const once = systemClock.after(MAX_TIMER_DELAY_MS + 10_000, () => void fired++);
    vi.advanceTimersByTime(MAX_TIMER_DELAY_MS);
    expect(fired).toBe(0);
    vi.advanceTimersByTime(10_000);
    expect(fired).toBe(1);
    once.dispose();
  });

  it("cancels a long delay at any point", () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    let fired = 0;
    const once = systemClock.after(MAX_TIMER_DELAY_MS * 2, () => void fired++);
    vi.advanceTimersByTime(MAX_TIMER_DELAY_MS + 5);
    once.dispose();
    vi.advanceTimersByTime(MAX_TIMER_DELAY_MS * 2);
    expect(fired).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("sleeps and repeats", async () => {
    const before = systemClock.monotonic();
    await systemClock.sleep(2);
    expect(systemClock.monotonic() - before).toBeGreaterThanOrEqual(1);
    await new Promise<void>((resolve) => {
      const timer = systemClock.every(1, () => {
        timer.dispose();
        resolve();
      });
    });
    expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(1_000);
  });
});
