/** A bounded memory of keys with a lifetime; the oldest goes first (spec 1.18.3). */
export class DedupeCache {
  readonly #ttlMs: number;
  readonly #maxSize: number;
  readonly #now: () => number;
  /** Insertion order is age, because every key is inserted once per lifetime. */
  readonly #seen = new Map<string, number>();

  constructor(options: { ttlMs: number; maxSize: number; now: () => number }) {
    this.#ttlMs = options.ttlMs;
    this.#maxSize = Math.max(1, options.maxSize);
    this.#now = options.now;
  }

  get size(): number {
    return this.#seen.size;
  }

  /** True when the key was seen within its lifetime; records it otherwise. */
  check(key: string): boolean {
    if (this.peek(key)) return true;
    this.#seen.delete(key);
    this.#seen.set(key, this.#now());
    if (this.#seen.size > this.#maxSize) {
      const oldest = this.#seen.keys().next();
      if (!oldest.done) this.#seen.delete(oldest.value);
    }
    return false;
  }

  peek(key: string): boolean {
    const at = this.#seen.get(key);
    return at !== undefined && this.#now() - at < this.#ttlMs;
  }

  forget(key: string): void {
    this.#seen.delete(key);
  }
}
