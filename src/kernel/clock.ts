import { type Disposable, disposable } from "./disposable.ts";

/** The only source of time. Everything that waits or stamps takes one, so that tests own it. */
export interface Clock {
  /** Wall time in milliseconds since the Unix epoch. */
  now(): number;
  /** Milliseconds from an arbitrary start that never goes backwards; for durations. */
  monotonic(): number;
  /** Runs `callback` once after `delayMs`; dispose to cancel. The timer does not keep the process alive. */
  after(delayMs: number, callback: () => void): Disposable;
  /** Runs `callback` every `periodMs`; dispose to cancel. */
  every(periodMs: number, callback: () => void): Disposable;
  /** Resolves after `delayMs`; rejects with the signal's reason when it aborts first. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

/** Longest delay a Node timer can hold; longer ones would fire at once. */
export const MAX_TIMER_DELAY_MS = 2_147_483_647;

/** Builds `sleep` from `after`; shared by every clock. */
export function sleepOn(clock: Pick<Clock, "after">, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = () => {
      timer.dispose();
      reject(signal?.reason);
    };
    const timer = clock.after(delayMs, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

class SystemClock implements Clock {
  now(): number {
    return Date.now();
  }

  monotonic(): number {
    return performance.now();
  }

  after(delayMs: number, callback: () => void): Disposable {
    let timer: NodeJS.Timeout;
    // A delay that no timer can hold is waited for in parts; cut short it would fire weeks early.
    const arm = (restMs: number) => {
      const partMs = Math.min(Math.max(0, restMs), MAX_TIMER_DELAY_MS);
      timer = setTimeout(restMs > partMs ? () => arm(restMs - partMs) : callback, partMs);
      timer.unref();
    };
    arm(delayMs);
    return disposable(() => clearTimeout(timer));
  }

  every(periodMs: number, callback: () => void): Disposable {
    const timer = setInterval(callback, Math.min(Math.max(1, periodMs), MAX_TIMER_DELAY_MS));
    timer.unref();
    return disposable(() => clearInterval(timer));
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, delayMs, signal);
  }
}

export const systemClock: Clock = new SystemClock();
