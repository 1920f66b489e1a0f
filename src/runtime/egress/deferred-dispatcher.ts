import { EventEmitter } from "node:events";
import type { Dispatcher } from "undici";
import { loadUndici, type Undici } from "./undici.ts";

/**
 * A dispatcher that loads undici with its first request: making one costs nothing, so plugins can do it
 * while they register.
 */
class DeferredDispatcher extends EventEmitter {
  readonly #make: (undici: Undici) => Dispatcher;
  #loading: Promise<Dispatcher> | undefined;
  #ended: Error | undefined;

  constructor(make: (undici: Undici) => Dispatcher) {
    super();
    this.#make = make;
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    if (this.#ended) throw this.#ended;
    void this.#inner().then(
      (inner) => {
        try {
          inner.dispatch(options, handler);
        } catch (error) {
          fail(handler, error as Error);
        }
      },
      (error: Error) => fail(handler, error),
    );
    return true;
  }

  /** Waits for running requests; no more begin. */
  async close(): Promise<void> {
    await this.#end((inner) => inner.close());
  }

  /** Ends running requests too. */
  async destroy(error?: Error | null): Promise<void> {
    await this.#end((inner) => inner.destroy(error ?? null));
  }

  async #end(end: (inner: Dispatcher) => Promise<void>): Promise<void> {
    this.#ended ??= new Error("the connections of this dispatcher were closed; make another one");
    const loading = this.#loading;
    if (loading) await end(await loading);
  }

  #inner(): Promise<Dispatcher> {
    this.#loading ??= loadUndici().then((undici) => this.#make(undici));
    return this.#loading;
  }
}

interface AnyHandler {
  onError?(error: Error): void;
  onResponseError?(controller: unknown, error: Error): void;
}

/** undici knows two generations of handlers. */
function fail(handler: unknown, error: Error): void {
  const target = handler as AnyHandler;
  if (target.onResponseError) target.onResponseError(null, error);
  else target.onError?.(error);
}

/** What `fetch` takes as `dispatcher`; `make` runs with the first request. */
export function deferDispatcher(make: (undici: Undici) => Dispatcher): Dispatcher {
  return new DeferredDispatcher(make) as unknown as Dispatcher;
}
