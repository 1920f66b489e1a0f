import type { Clock } from "../kernel/clock.ts";
import type { Disposable } from "../kernel/disposable.ts";
import type { Logger } from "../kernel/logger.ts";
import type { Store } from "../store/index.ts";

/** How long a settled message is kept: as long as a platform may deliver it again. */
export const SETTLED_LIFETIME_MS = 30 * 86_400_000;
/** Settled rows kept at most, per table. */
export const MAX_SETTLED_ROWS = 200_000;
export const RETENTION_PERIOD_MS = 3_600_000;
/** Steps per sweep; what is left waits for the next. */
const MAX_STEPS = 50;

/** Deletes old settled messages, a bounded step at a time. */
export class RetentionSweep implements Disposable {
  readonly #parts: { store: Store; clock: Clock; logger: Logger };
  #timer: Disposable | undefined;
  #running = false;

  constructor(parts: { store: Store; clock: Clock; logger: Logger }) {
    this.#parts = parts;
  }

  start(): void {
    this.#timer ??= this.#parts.clock.every(RETENTION_PERIOD_MS, () => void this.sweep());
  }

  async sweep(): Promise<{ deleted: number }> {
    if (this.#running) return { deleted: 0 };
    this.#running = true;
    const { store, clock, logger } = this.#parts;
    let deleted = 0;
    try {
      const input = { before: clock.now() - SETTLED_LIFETIME_MS, keep: MAX_SETTLED_ROWS };
      for (const trim of [store.call.inbox.trim, store.call.outbox.trim]) {
        for (let step = 0; step < MAX_STEPS; step++) {
          const result = await trim(input);
          deleted += result.deleted;
          if (!result.more) break;
        }
      }
    } catch (error) {
      logger.warn("old messages could not be deleted; the next sweep tries again", { error });
    } finally {
      this.#running = false;
    }
    return { deleted };
  }

  dispose(): void {
    void this.#timer?.dispose();
    this.#timer = undefined;
  }
}
