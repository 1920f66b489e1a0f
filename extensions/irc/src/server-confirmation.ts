/** Silence after a PING that means that what was sent before it may not have arrived. */
export const CONFIRM_LIMIT_MS = 20_000;

interface Round {
  token: string;
  waiting: { resolve(): void; reject(error: Error): void }[];
}

/**
 * IRC acknowledges nothing, and what lies in a socket's buffer is lost when the process dies. A server
 * handles a client's lines in order, so the answer to a PING proves that it took everything before it. One
 * PING is on its way at a time; it answers for all lines that were written before it.
 */
export class ServerConfirmation {
  readonly #ping: (token: string) => void;
  readonly #limitMs: number;
  #count = 0;
  #current: Round | undefined;
  #next: Round["waiting"] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(ping: (token: string) => void, limitMs = CONFIRM_LIMIT_MS) {
    this.#ping = ping;
    this.#limitMs = limitMs;
  }

  /** Resolves when the server has handled every line written so far. */
  next(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#next.push({ resolve, reject });
      if (!this.#current) this.#ask();
    });
  }

  answered(token: string | undefined): void {
    if (!this.#current || token !== this.#current.token) return;
    clearTimeout(this.#timer);
    const { waiting } = this.#current;
    this.#current = undefined;
    for (const { resolve } of waiting) resolve();
    if (this.#next.length > 0) this.#ask();
  }

  fail(error: Error): void {
    clearTimeout(this.#timer);
    const waiting = [...(this.#current?.waiting ?? []), ...this.#next];
    this.#current = undefined;
    this.#next = [];
    for (const { reject } of waiting) reject(error);
  }

  #ask(): void {
    const token = `sluice-${++this.#count}`;
    this.#current = { token, waiting: this.#next };
    this.#next = [];
    this.#timer = setTimeout(() => {
      this.fail(
        Object.assign(new Error(`the server did not answer in ${this.#limitMs} ms`), { code: "ETIMEDOUT" }),
      );
    }, this.#limitMs);
    this.#timer.unref();
    this.#ping(token);
  }
}
