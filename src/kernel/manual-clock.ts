import { type Clock, sleepOn } from "./clock.ts";
import { type Disposable, disposable } from "./disposable.ts";

interface Alarm {
  at: number;
  order: number;
  periodMs: number | undefined;
  callback: () => void;
}

/**
 * A clock that stands still until it is advanced, for tests: years pass in milliseconds.
 *
 * @example
 * const clock = new ManualClock(Date.UTC(2026, 0, 1));
 * clock.after(1_000, ring);
 * await clock.advance(1_000); // ring has run, and the promises it resolved have settled
 */
export class ManualClock implements Clock {
  #now: number;
  readonly #start: number;
  #order = 0;
  readonly #alarms = new Set<Alarm>();

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#now = startMs;
    this.#start = startMs;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now - this.#start;
  }

  after(delayMs: number, callback: () => void): Disposable {
    return this.#add(delayMs, undefined, callback);
  }

  every(periodMs: number, callback: () => void): Disposable {
    return this.#add(periodMs, Math.max(1, periodMs), callback);
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, delayMs, signal);
  }

  /** How many timers are armed; a test can assert that nothing leaked. */
  get armed(): number {
    return this.#alarms.size;
  }

  /** Moves time forward, running due timers in order and letting promises settle after each. */
  async advance(byMs: number): Promise<void> {
    const target = this.#now + byMs;
    for (let next = this.#next(target); next; next = this.#next(target)) {
      this.#now = Math.max(this.#now, next.at);
      if (next.periodMs === undefined) this.#alarms.delete(next);
      else next.at += next.periodMs;
      next.callback();
      await settle();
    }
    this.#now = target;
    await settle();
  }

  #add(delayMs: number, periodMs: number | undefined, callback: () => void): Disposable {
    const alarm: Alarm = { at: this.#now + Math.max(0, delayMs), order: this.#order++, periodMs, callback };
    this.#alarms.add(alarm);
    return disposable(() => {
      this.#alarms.delete(alarm);
    });
  }

  #next(limit: number): Alarm | undefined {
    let best: Alarm | undefined;
    for (const alarm of this.#alarms) {
      if (alarm.at > limit) continue;
      if (!best || alarm.at < best.at || (alarm.at === best.at && alarm.order < best.order)) best = alarm;
    }
    return best;
  }
}

/** One turn of the macrotask queue: every promise chain that is ready runs to its next real wait. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
