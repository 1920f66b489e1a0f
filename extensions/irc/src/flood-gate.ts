/** Lets lines out no faster than a network tolerates: `burst` at once, then one per `intervalMs`. */
export class FloodGate {
  readonly #burst: number;
  readonly #intervalMs: number;
  readonly #now: () => number;
  readonly #sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  #tail: Promise<void> = Promise.resolve();
  /** The moment at which everything let out so far is paid for. */
  #paidUntil = 0;

  constructor(options: {
    burst: number;
    intervalMs: number;
    now(): number;
    sleep(ms: number, signal?: AbortSignal): Promise<void>;
  }) {
    this.#burst = Math.max(1, options.burst);
    this.#intervalMs = Math.max(0, options.intervalMs);
    this.#now = options.now;
    this.#sleep = options.sleep;
  }

  /** Resolves when the next line may go, in the order of calls; rejects when `signal` aborts first. */
  pass(signal?: AbortSignal): Promise<void> {
    const turn = this.#tail.then(async () => {
      signal?.throwIfAborted();
      const credit = this.#burst * this.#intervalMs;
      const wait = this.#paidUntil + this.#intervalMs - credit - this.#now();
      if (wait > 0) await this.#sleep(wait, signal);
      this.#paidUntil = Math.max(this.#paidUntil, this.#now()) + this.#intervalMs;
    });
    this.#tail = turn.catch(() => {});
    return turn;
  }
}
