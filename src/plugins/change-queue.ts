import { SluiceError } from "../kernel/errors.ts";
import type { PluginHostErrorCode } from "./host-options.ts";

/** Lets one change of the set of plugins come after the other, until it is closed. */
export class ChangeQueue {
  readonly #closing = new AbortController();
  #last: Promise<unknown> = Promise.resolve();

  /** Aborts when no further change is taken. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** Makes a change when all that were asked for before are made. @throws SluiceError `PLUGIN_HOST_CLOSED` */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    if (this.closing.aborted) return Promise.reject(hostClosed());
    const next = this.#last.then(work, work);
    this.#last = next.catch(() => {});
    return next;
  }

  /** Resolves when the changes that were asked for are made. */
  async close(): Promise<void> {
    this.#closing.abort(hostClosed());
    await this.#last.catch(() => {});
  }
}

/** What is answered while the gateway stops. */
export function hostClosed(): SluiceError<PluginHostErrorCode> {
  return new SluiceError("PLUGIN_HOST_CLOSED", "the gateway is shutting down");
}
