import type { Clock } from "../kernel/clock.ts";
import { isSluiceError } from "../kernel/errors.ts";
import type { Logger } from "../kernel/logger.ts";

/** Waits between tries to write down what has happened already; the last one repeats. Milliseconds. */
export const WRITE_RETRY_DELAYS_MS = [50, 200, 1_000, 5_000, 15_000] as const;

/** What passes: somebody makes room, mounts the disk again, or the queue becomes shorter. */
const PASSING: ReadonlySet<string> = new Set(["STORE_FULL", "STORE_READ_ONLY", "STORE_BUSY"]);

/** Whether it is the store that refuses, and may take later what it refuses now. */
export function mayPass(error: unknown): boolean {
  if (!isSluiceError(error)) return false;
  return PASSING.has(error.code) || (error.code === "STORE_FAILED" && error.retryable);
}

/**
 * Writes down something that can not be taken back, however long the store is full, read-only or busy: a turn
 * has ended, a platform has a message. Giving up would leave a row open that nobody in this process works on.
 *
 * @param what for the log, after "could not": "write the end of a turn"
 * @throws the store's error when it will not pass, and the last one when `stopped` aborts: the next start goes
 *   on from the row as it is
 */
export async function untilWritten<T>(
  what: string,
  step: () => Promise<T>,
  { clock, logger, stopped }: { clock: Clock; logger: Logger; stopped: AbortSignal },
): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      const written = await step();
      if (tries > 0) logger.info(`could at last ${what}`, { tries });
      return written;
    } catch (error) {
      if (!mayPass(error) || stopped.aborted) throw error;
      const delayMs = WRITE_RETRY_DELAYS_MS[Math.min(tries, WRITE_RETRY_DELAYS_MS.length - 1)] as number;
      // Once the pace is steady there is nothing new to say.
      if (tries < WRITE_RETRY_DELAYS_MS.length) {
        logger.warn(`could not ${what}; trying again`, { error, delayMs });
      }
      await clock.sleep(delayMs, stopped).catch(() => {});
      if (stopped.aborted) throw error;
    }
  }
}
