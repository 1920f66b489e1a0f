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
  let cancel = () => {};
  const expired = new Promise<never>((_, reject) => {
    const timer = clock.after(limitMs, () => {
      reject(
        new SluiceError("TIMEOUT", `${what} took longer than ${limitMs} ms`, {
          retryable: true,
          details: { limitMs },
        }),
      );
    });
    cancel = () => void timer.dispose();
  });
  try {
    return await Promise.race([work, expired]);
  } finally {
    cancel();
  }
}
