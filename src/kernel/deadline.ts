import type { Clock } from "./clock.ts";
import { SluiceError } from "./errors.ts";

/**
 * Settles like `work`, or rejects with `TIMEOUT` after `limitMs`. The work itself goes on; pass it a
 * signal of its own when it can be stopped.
 */
export async function withDeadline<T>(
  work: Promise<T>,
  limitMs: number,
  what: string,
  clock: Clock,
): Promise<T> {
  const expired = () =>
    new SluiceError("TIMEOUT", `${what} took longer than ${limitMs} ms`, {
      retryable: true,
      details: { limitMs },
    });
  return endWithin(work, limitMs, clock, expired);
}

/** The same with an error of the caller's. */
export async function endWithin<T>(
  work: Promise<T>,
  limitMs: number,
  clock: Clock,
  expired: () => Error,
): Promise<T> {
  let cancel = () => {};
  const limit = new Promise<never>((_, reject) => {
    const timer = clock.after(limitMs, () => reject(expired()));
    cancel = () => void timer.dispose();
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    cancel();
  }
}
