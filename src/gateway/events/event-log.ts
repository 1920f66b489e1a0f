import type { Disposable } from "../../kernel/disposable.ts";
import { Emitter } from "../../kernel/emitter.ts";
import { newUuid } from "../../kernel/ids.ts";
import type { Logger } from "../../kernel/logger.ts";
import type { EventRule } from "../../protocol/events.ts";
import type { PublishOptions } from "./hub.ts";

/** Rows kept; a client that was away for longer gets one `reset`. */
export const EVENT_LOG_ROWS = 10_000;
/** Events waiting to be written; past it the oldest are sent without a row, and a reset is forced. */
export const MAX_WAITING_EVENTS = 10_000;
/** Rows written in one call. */
const BATCH = 500;

/** A state-changing event on its way into the log. */
export interface LoggedEvent {
  event: string;
  payloadJson: string;
  rule: EventRule;
  options: PublishOptions;
}

export interface EventLogRow {
  event: string;
  sessionKey?: string;
  payload: string;
}

/** The store's side of the log. */
export interface EventLogStore {
  /** Appends rows in order, trims the log to `keep` rows and returns the position of the last one. */
  append(input: { epoch: string; events: EventLogRow[]; keep: number; now: number }): Promise<number>;
}

export interface EventLogOptions {
  store: EventLogStore;
  /** Names this run of positions; positions of another epoch mean nothing. */
  epoch: string;
  /** Position of the newest row that exists; 0 for an empty log. */
  offset: number;
  now(): number;
  logger: Logger;
}

/**
 * Writes state-changing events in order, many per transaction, and reports each after its commit. One
 * write is in flight at a time; what arrives meanwhile goes into the next.
 */
export class EventLog {
  readonly #options: EventLogOptions;
  #epoch: string;
  readonly #committed: Emitter<LoggedEvent & { offset: number }>;
  #waiting: LoggedEvent[] = [];
  #writing = false;
  #offset: number;
  #idle: (() => void)[] = [];

  constructor(options: EventLogOptions) {
    this.#epoch = options.epoch;
    this.#options = options;
    this.#offset = options.offset;
    this.#committed = new Emitter((error) =>
      options.logger.error("sending a logged event failed", { error }),
    );
  }

  /** Names the current run of positions. It changes when an event was lost, so that resuming clients reset. */
  get epoch(): string {
    return this.#epoch;
  }

  /** Position of the newest row. */
  get offset(): number {
    return this.#offset;
  }

  onCommitted(listener: (event: LoggedEvent & { offset: number }) => void): Disposable {
    return this.#committed.on(listener);
  }

  append(event: LoggedEvent): void {
    this.#waiting.push(event);
    if (this.#waiting.length > MAX_WAITING_EVENTS) this.#overflow();
    if (!this.#writing) {
      this.#writing = true;
      // What this tick still publishes joins the first batch.
      queueMicrotask(() => void this.#write());
    }
  }

  /** Resolves when everything appended so far is written. */
  flush(): Promise<void> {
    if (!this.#writing) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, BATCH);
      try {
        const last = await this.#options.store.append({
          epoch: this.#epoch,
          events: batch.map((entry) => ({
            event: entry.event,
            payload: entry.payloadJson,
            ...(entry.options.sessionKey === undefined ? {} : { sessionKey: entry.options.sessionKey }),
          })),
          keep: EVENT_LOG_ROWS,
          now: this.#options.now(),
        });
        for (const [index, entry] of batch.entries()) {
          this.#offset = last - batch.length + index + 1;
          this.#committed.emit({ ...entry, offset: this.#offset });
        }
      } catch (error) {
        this.#options.logger.error("events could not be written to the log and are only sent live", {
          error,
        });
        this.#beginEpoch();
        for (const entry of batch) this.#committed.emit({ ...entry, offset: this.#offset });
      }
    }
    this.#writing = false;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  #overflow(): void {
    const entry = this.#waiting.shift();
    if (!entry) return;
    this.#options.logger.warn("the event log is behind; an event is sent without being kept", {
      event: entry.event,
    });
    this.#beginEpoch();
    this.#committed.emit({ ...entry, offset: this.#offset });
  }

  #beginEpoch(): void {
    this.#epoch = newUuid();
    this.#offset = 0;
  }
}
