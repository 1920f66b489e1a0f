import { type Disposable, disposable } from "./disposable.ts";

/**
 * A typed event source. Listeners run synchronously in order of subscription; one that throws is
 * reported to `onError` and does not keep the others from running.
 */
export class Emitter<T> {
  readonly #listeners = new Set<(event: T) => void>();
  readonly #onError: (error: unknown) => void;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  get size(): number {
    return this.#listeners.size;
  }

  on(listener: (event: T) => void): Disposable {
    const entry = (event: T) => listener(event);
    this.#listeners.add(entry);
    return disposable(() => {
      this.#listeners.delete(entry);
    });
  }

  emit(event: T): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        this.#onError(error);
      }
    }
  }
}
