import type { Clock } from "sluice/plugin-sdk/foundation";

/** Settled batches wait this long for the next batch, whose transaction they join. */
const LINGER_MS = 20;
const MAX_WAITING = 64;

/**
 * Tells the ledger which batches are safe in the vault. It does so together with the next batch, because a
 * transaction of its own would cost a sync to disk; a restart in between finds the entries by their block ids.
 */
export class Settling {
  readonly #settle: (seqs: number[]) => Promise<void>;
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  #waiting: number[] = [];
  #timer: { dispose(): void | Promise<void> } | undefined;
  #running = new Set<Promise<void>>();
  /** Batches between their record and the end of their write. */
  readonly #open = new Map<number, { ended: Promise<void>; end(): void }>();

  constructor(settle: (seqs: number[]) => Promise<void>, clock: Clock, onError: (error: unknown) => void) {
    this.#settle = settle;
    this.#clock = clock;
    this.#onError = onError;
  }

  /** Notes that a batch is being written; call the result when it ended without being settled. */
  begin(seq: number): () => void {
    let end = () => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    this.#open.set(seq, { ended, end });
    return () => {
      this.#open.delete(seq);
      end();
    };
  }

  settle(seq: number): void {
    this.#waiting.push(seq);
    if (this.#waiting.length >= MAX_WAITING) this.flush();
    else this.#timer ??= this.#clock.after(LINGER_MS, () => this.flush());
  }

  /** Sends what waits; its transaction is that of whatever is called next in the same turn. */
  flush(): void {
    void this.#timer?.dispose();
    this.#timer = undefined;
    const seqs = this.#waiting;
    if (seqs.length === 0) return;
    this.#waiting = [];
    const work = this.#settle(seqs)
      .catch((error) => {
        this.#onError(error);
        this.#waiting.push(...seqs);
      })
      .finally(() => {
        this.#running.delete(work);
        for (const seq of seqs) {
          const open = this.#open.get(seq);
          this.#open.delete(seq);
          open?.end();
        }
      });
    this.#running.add(work);
  }

  /** Resolves when the batch is no longer being written here. */
  async ended(seq: number): Promise<void> {
    this.flush();
    await this.#open.get(seq)?.ended;
  }

  async drain(): Promise<void> {
    this.flush();
    await Promise.all(this.#running);
  }
}
