import type { Clock } from "../kernel/clock.ts";
import type { Disposable } from "../kernel/disposable.ts";
import type { Logger } from "../kernel/logger.ts";
import type { Store } from "../store/index.ts";
import { sweepMedia } from "./media-retention.ts";

/** How long a settled message and its turn are kept: as long as a platform may deliver it again. */
export const SETTLED_LIFETIME_MS = 30 * 86_400_000;
/** Settled rows kept at most, per table. */
export const MAX_SETTLED_ROWS = 200_000;
export const RETENTION_PERIOD_MS = 3_600_000;
/** The first sweep comes soon, so that a gateway that is often restarted sweeps as well. */
export const FIRST_SWEEP_AFTER_MS = 60_000;
/** Steps per sweep; what is left waits for the next. */
const MAX_STEPS = 50;

export interface RetentionParts {
  store: Store;
  clock: Clock;
  logger: Logger;
  /** Where received files lie; absolute. */
  mediaFolder: string;
}

/** Deletes old settled messages, ended turns and received files, a bounded step at a time. */
export class RetentionSweep implements Disposable {
  readonly #parts: RetentionParts;
  readonly #timers: Disposable[] = [];
  #running = false;

  constructor(parts: RetentionParts) {
    this.#parts = parts;
  }

  start(): void {
    const { clock } = this.#parts;
    this.#timers.push(
      clock.after(FIRST_SWEEP_AFTER_MS, () => void this.sweep()),
      clock.every(RETENTION_PERIOD_MS, () => void this.sweep()),
    );
  }

  /** Rows deleted by this call. */
  async sweep(): Promise<{ deleted: number }> {
    if (this.#running) return { deleted: 0 };
    this.#running = true;
    const { store, clock, logger, mediaFolder } = this.#parts;
    let deleted = 0;
    try {
      const input = { before: clock.now() - SETTLED_LIFETIME_MS, keep: MAX_SETTLED_ROWS };
      for (const trim of [store.call.inbox.trim, store.call.outbox.trim, store.call.turns.trim]) {
        for (let step = 0; step < MAX_STEPS; step++) {
          const result = await trim(input);
          deleted += result.deleted;
          if (!result.more) break;
        }
      }
      await sweepMedia(store, mediaFolder, clock.now());
    } catch (error) {
      logger.warn("old messages and files could not be deleted; the next sweep tries again", { error });
    } finally {
      this.#running = false;
    }
    return { deleted };
  }

  dispose(): void {
    for (const timer of this.#timers.splice(0)) void timer.dispose();
  }
}
