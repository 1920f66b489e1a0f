/**
 * Lets callers through one per turn of the event loop, in order, so that a row of large batches never keeps
 * other requests waiting for longer than one of them takes.
 */
export class Turnstile {
  readonly #waiting: (() => void)[] = [];
  #turning = false;

  pass(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (!this.#turning) {
        this.#turning = true;
        setImmediate(() => this.#turn());
      }
    });
  }

  #turn(): void {
    this.#waiting.shift()?.();
    // An immediate made during a turn runs in the next one, after the loop has looked at its sockets.
    if (this.#waiting.length > 0) setImmediate(() => this.#turn());
    else this.#turning = false;
  }
}
