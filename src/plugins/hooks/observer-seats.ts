/** Observing handlers that run at once; more wait, and beyond the queue they are dropped with a log line. */
export const MAX_OBSERVERS = 16;
export const MAX_WAITING_OBSERVERS = 256;

/** Places for handlers of one plugin that run beside each other; one that never ends takes nobody else's. */
export class ObserverSeats {
  #taken = 0;
  readonly #waiting: (() => void)[] = [];

  /** Whether nobody has a place. */
  get empty(): boolean {
    return this.#taken === 0;
  }

  /** False when too many wait already; otherwise resolves with a place to be given back with {@link leave}. */
  async take(): Promise<boolean> {
    if (this.#taken < MAX_OBSERVERS) {
      this.#taken++;
      return true;
    }
    if (this.#waiting.length >= MAX_WAITING_OBSERVERS) return false;
    // The place passes from hand to hand, so the count stays.
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return true;
  }

  leave(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#taken--;
  }
}
