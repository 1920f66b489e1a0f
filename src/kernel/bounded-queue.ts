import { SluiceError } from "./errors.ts";

export type QueueErrorCode = "QUEUE_FULL" | "QUEUE_CLOSED";

/**
 * A first-in first-out queue with a hard bound. A full queue refuses with `QUEUE_FULL`
 * (retryable); it never grows and never drops in silence.
 */
export class BoundedQueue<T> {
  readonly capacity: number;
  readonly #name: string;
  #items: (T | undefined)[] = [];
  #head = 0;
  #closed = false;

  constructor(capacity: number, name = "queue") {
    if (!Number.isInteger(capacity) || capacity < 1) {
      throw new RangeError(`capacity of ${name} must be a positive integer, got ${capacity}`);
    }
    this.capacity = capacity;
    this.#name = name;
  }

  get size(): number {
    return this.#items.length - this.#head;
  }

  /** @throws SluiceError `QUEUE_FULL` or `QUEUE_CLOSED` */
  push(item: T): void {
    if (this.#closed) throw new SluiceError<QueueErrorCode>("QUEUE_CLOSED", `${this.#name} is closed`);
    if (this.size >= this.capacity) {
      throw new SluiceError<QueueErrorCode>(
        "QUEUE_FULL",
        `${this.#name} holds its limit of ${this.capacity}`,
        {
          retryable: true,
          details: { capacity: this.capacity },
        },
      );
    }
    this.#items.push(item);
  }

  shift(): T | undefined {
    if (this.#head >= this.#items.length) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    if (this.#head > 1_024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  /** Takes up to `limit` items at once. */
  drain(limit = Number.POSITIVE_INFINITY): T[] {
    const taken: T[] = [];
    while (taken.length < limit && this.size > 0) taken.push(this.shift() as T);
    return taken;
  }

  /** Refuses further items; what is queued can still be taken. */
  close(): void {
    this.#closed = true;
  }
}
