import type { Disposable } from "../../kernel/disposable.ts";
import { Emitter } from "../../kernel/emitter.ts";
import type { Logger } from "../../kernel/logger.ts";
import type { EventRule } from "../../protocol/events.ts";
import type { Store } from "../../store/index.ts";
import type { EventLogRead, EventPlaces, EventRows } from "../../store/procedures/event-log.ts";
import type { PublishOptions } from "./hub.ts";

/** Rows kept; a client that was away for longer gets one `reset`. */
export const EVENT_LOG_ROWS = 10_000;
/** Events waiting to be written; past it the oldest is sent without a row, and resuming clients reset. */
export const MAX_WAITING_EVENTS = 10_000;
/** Rows that may wait for earlier ones to be told; past it they are told, and resuming clients reset. */
export const MAX_EARLY_EVENTS = 10_000;
/** Rows written in one call. */
const BATCH = 500;

/** Where a client stands in the log. */
export interface EventPosition {
  epoch: string;
  offset: number;
}

/** A state-changing event on its way into the log. */
export interface LoggedEvent {
  event: string;
  payloadJson: string;
  rule: EventRule;
  options: PublishOptions;
}

export type CommittedEvent = LoggedEvent & { position: EventPosition };

export interface EventLogOptions {
  store: Store;
  now(): number;
  logger: Logger;
}

/**
 * Writes state-changing events in order, many per transaction, and reports each after its commit. One
 * write is in flight at a time; what arrives meanwhile goes into the next.
 */
export class EventLog {
  readonly #options: EventLogOptions;
  readonly #committed: Emitter<CommittedEvent>;
  readonly #waiting: LoggedEvent[] = [];
  readonly #idle: (() => void)[] = [];
  /** Committed rows by first position, told as soon as all before them are. */
  readonly #early = new Map<number, LoggedEvent[]>();
  #earlyEvents = 0;
  #writing = false;
  #position: EventPosition;
  /** Up to here an event may be missing: nobody can resume from an older position. */
  #lostUpTo = -1;

  private constructor(options: EventLogOptions, position: EventPosition) {
    this.#options = options;
    this.#position = position;
    this.#committed = new Emitter((error) =>
      options.logger.error("sending a logged event failed", { error }),
    );
  }

  /** Opens the log of the store; `epoch` names it when it is new. */
  static async open(options: EventLogOptions, epoch: string): Promise<EventLog> {
    const state = await options.store.call.eventLog.open({ epoch });
    return new EventLog(options, { epoch: state.epoch, offset: state.head });
  }

  /** The newest committed row. */
  get position(): EventPosition {
    return this.#position;
  }

  onCommitted(listener: (event: CommittedEvent) => void): Disposable {
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

  /** Events in the form in which somebody else's commit writes them. */
  rowsOf(entries: readonly LoggedEvent[]): EventRows {
    const events = entries.map(({ event, payloadJson, options }) => ({
      event,
      payload: payloadJson,
      ...(options.sessionKey === undefined ? {} : { sessionKey: options.sessionKey }),
    }));
    return { events, keep: EVENT_LOG_ROWS };
  }

  /** Reports rows that a commit wrote, in the order of the log: those of a later commit wait for them. */
  tell({ epoch, first }: Pick<EventPlaces, "epoch" | "first">, entries: readonly LoggedEvent[]): void {
    if (entries.length === 0) return;
    if (first <= this.#position.offset) {
      // Their place was given up on; a client that resumes from before it loads anew.
      for (const entry of entries) this.#committed.emit({ ...entry, position: this.#position });
      return;
    }
    this.#early.set(first, [...entries]);
    this.#earlyEvents += entries.length;
    if (this.#earlyEvents > MAX_EARLY_EVENTS) this.#skipGap();
    for (;;) {
      const next = this.#position.offset + 1;
      const batch = this.#early.get(next);
      if (!batch) return;
      this.#early.delete(next);
      this.#earlyEvents -= batch.length;
      for (const entry of batch) {
        this.#position = { epoch, offset: this.#position.offset + 1 };
        this.#committed.emit({ ...entry, position: this.#position });
      }
    }
  }

  /** What follows a position, or one explicit reset. Rows that are not told yet are still to come. */
  async readAfter(position: EventPosition, limit: number): Promise<EventLogRead> {
    const { epoch, offset } = this.#position;
    if (position.epoch !== epoch || position.offset <= this.#lostUpTo) {
      return { status: "reset", epoch, head: offset };
    }
    const read = await this.#options.store.call.eventLog.readAfter({
      epoch,
      position: position.offset,
      limit,
    });
    const told = this.#position.offset;
    if (read.status === "reset" || read.head <= told) return read;
    const events = read.events.filter((row) => row.position <= told);
    return { ...read, head: told, events, more: read.more && events.length === read.events.length };
  }

  /** Resolves when everything appended so far is written. */
  flush(): Promise<void> {
    if (!this.#writing) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  async #write(): Promise<void> {
    const { store, now, logger } = this.#options;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, BATCH);
      try {
        const places = await store.call.eventLog.append({
          ...this.rowsOf(batch),
          now: now(),
        });
        this.tell(places, batch);
      } catch (error) {
        logger.error("events could not be written to the log and are only sent live", { error });
        this.#lostUpTo = this.#position.offset;
        for (const entry of batch) this.#committed.emit({ ...entry, position: this.#position });
      }
    }
    this.#writing = false;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** A commit whose rows nobody tells must not hold the others for ever. */
  #skipGap(): void {
    const first = Math.min(...this.#early.keys());
    this.#options.logger.error("rows of the event log were never told; clients that resume load anew");
    this.#lostUpTo = first - 1;
    this.#position = { ...this.#position, offset: first - 1 };
  }

  #overflow(): void {
    const entry = this.#waiting.shift();
    if (!entry) return;
    this.#options.logger.warn("the event log is behind; an event is sent without being kept", {
      event: entry.event,
    });
    this.#lostUpTo = this.#position.offset;
    this.#committed.emit({ ...entry, position: this.#position });
  }
}
