import type { Disposable } from "../../kernel/disposable.ts";
import { Emitter } from "../../kernel/emitter.ts";
import type { Logger } from "../../kernel/logger.ts";
import { type EventRule, eventRule } from "../../protocol/events.ts";
import type { StateVersion } from "../../protocol/frames.ts";
import type { OperatorScope, Role } from "../../protocol/scopes.ts";
import { satisfies } from "../../protocol/scopes.ts";
import type { CommitEvents } from "../../runtime/agent/index.ts";
import type { EventLogRead } from "../../store/procedures/event-log.ts";
import type { EventLog, EventPosition, LoggedEvent } from "./event-log.ts";
import { SharedFrame } from "./frame.ts";

/** One connection as the hub sees it. */
export interface EventReceiver {
  readonly connId: string;
  readonly role: Role;
  readonly scopes: readonly string[];
  readonly capabilities: ReadonlySet<string>;
  readonly subscriptions: Subscriptions;
  /** Sends, drops or closes according to the rule and to how far behind the receiver is (spec 1.7). */
  deliver(frame: SharedFrame, droppable: boolean): void;
}

/** What a connection asked to hear. */
export class Subscriptions {
  /** `sessions.subscribe`: lists and rows of every session. */
  sessions = false;
  readonly #messages = new Set<string>();
  readonly #runs = new Set<string>();

  /** @returns false when the connection already follows {@link MAX_MESSAGE_SUBSCRIPTIONS} sessions */
  followMessages(sessionKey: string): boolean {
    if (!this.#messages.has(sessionKey) && this.#messages.size >= MAX_MESSAGE_SUBSCRIPTIONS) return false;
    this.#messages.add(sessionKey);
    return true;
  }

  unfollowMessages(sessionKey: string): boolean {
    return this.#messages.delete(sessionKey);
  }

  followsMessages(sessionKey: string): boolean {
    return this.#messages.has(sessionKey);
  }

  /** Remembers a run this connection started or joined; the oldest are forgotten. */
  joinRun(runId: string): void {
    this.#runs.add(runId);
    for (const oldest of this.#runs) {
      if (this.#runs.size <= MAX_JOINED_RUNS) break;
      this.#runs.delete(oldest);
    }
  }

  joined(runId: string): boolean {
    return this.#runs.has(runId);
  }
}

export const MAX_MESSAGE_SUBSCRIPTIONS = 1_000;
export const MAX_JOINED_RUNS = 256;

export interface PublishOptions {
  sessionKey?: string;
  stateVersion?: StateVersion;
  /** The scope a plugin chose for its `plugin.*` event. */
  pluginGuard?: OperatorScope;
  /** Narrows the receivers further; the rule and the filters of the event still apply. */
  to?: (receiver: EventReceiver) => boolean;
}

/** An event to be published. */
export interface EventDraft {
  event: string;
  payload: unknown;
  options: PublishOptions;
}

/** One published event, for listeners inside the process. */
export interface PublishedEvent {
  event: string;
  payload: unknown;
  sessionKey?: string;
}

export interface EventHubOptions {
  logger: Logger;
  log?: EventLog;
}

/** Clients that announce it get `position` on logged events and can resume with `events.resume`. */
export const EVENT_POSITIONS_CAPABILITY = "event-positions";
const SESSION_SCOPED_CAPABILITY = "session-scoped-events";
const SESSION_SCOPED_EVENTS = new Set([
  "agent",
  "chat",
  "chat.side_result",
  "session.observer",
  "session.tool",
]);
const BROWSER_COPILOT = "openclaw-browser-copilot";

/**
 * Sends events to every connection that may and wants to have them. State-changing events become rows of
 * the event log first and are sent when the row is committed, in the order of the rows; all others are
 * sent at once.
 */
export class EventHub {
  readonly #receivers = new Set<EventReceiver>();
  readonly #published: Emitter<PublishedEvent>;
  readonly #log: EventLog | undefined;
  readonly #logger: Logger;
  /** Events that somebody's commit wrote and that are being announced now. */
  #written: LoggedEvent[] = [];

  constructor(options: EventHubOptions) {
    this.#log = options.log;
    this.#logger = options.logger;
    this.#published = new Emitter((error) => this.#logger.error("an event listener failed", { error }));
    this.#log?.onCommitted((entry) => {
      this.#broadcast(entry.event, entry.payloadJson, entry.rule, entry.options, entry.position);
    });
  }

  get size(): number {
    return this.#receivers.size;
  }

  get receivers(): Iterable<EventReceiver> {
    return this.#receivers;
  }

  add(receiver: EventReceiver): void {
    this.#receivers.add(receiver);
  }

  remove(receiver: EventReceiver): void {
    this.#receivers.delete(receiver);
  }

  /** Hears every event this hub publishes, sent or not. */
  onPublished(listener: (event: PublishedEvent) => void): Disposable {
    return this.#published.on(listener);
  }

  /** Publishes an event; a name outside the event table reaches nobody and is logged. */
  publish(event: string, payload: unknown, options: PublishOptions = {}): void {
    const rule = eventRule(event, payload, options.pluginGuard);
    if (!rule) {
      this.#logger.warn("an event without a rule was not sent; add it to the event table", { event });
      return;
    }
    this.#published.emit(
      options.sessionKey === undefined
        ? { event, payload }
        : { event, payload, sessionKey: options.sessionKey },
    );
    if (rule.logged && this.#log) {
      if (this.#written.length > 0 && this.#isWritten(event, options)) return;
      this.#log.append({ event, payloadJson: JSON.stringify(payload ?? null), rule, options });
      return;
    }
    if (this.#receivers.size === 0) return;
    this.#broadcast(event, JSON.stringify(payload ?? null), rule, options);
  }

  /**
   * State-changing events as rows that somebody writes with a commit of his own and tells afterwards.
   * `undefined` without a log.
   */
  ahead(drafts: readonly EventDraft[]): CommitEvents | undefined {
    const log = this.#log;
    if (!log) return undefined;
    const entries: LoggedEvent[] = [];
    for (const { event, payload, options } of drafts) {
      const rule = eventRule(event, payload, options.pluginGuard);
      if (rule?.logged) entries.push({ event, payloadJson: JSON.stringify(payload ?? null), rule, options });
    }
    return {
      rows: log.rowsOf(entries),
      told: (places, announce) => {
        const outer = this.#written;
        this.#written = [...entries];
        try {
          announce();
        } finally {
          this.#written = outer;
          log.tell(places, entries);
        }
      },
    };
  }

  #isWritten(event: string, options: PublishOptions): boolean {
    const index = this.#written.findIndex(
      (entry) => entry.event === event && entry.options.sessionKey === options.sessionKey,
    );
    if (index >= 0) this.#written.splice(index, 1);
    return index >= 0;
  }

  /** The newest row of the log; `undefined` for a hub without one. */
  get position(): EventPosition | undefined {
    return this.#log?.position;
  }

  /** Logged events after a position that this receiver may have, or one explicit reset. */
  async readAfter(receiver: EventReceiver, position: EventPosition, limit: number): Promise<EventLogRead> {
    if (!this.#log) return { status: "reset", epoch: position.epoch, head: position.offset };
    const read = await this.#log.readAfter(position, limit);
    if (read.status === "reset") return read;
    const events = read.events.filter((row) => {
      const rule = eventRule(row.event, JSON.parse(row.payload));
      const options = row.sessionKey === undefined ? {} : { sessionKey: row.sessionKey };
      return rule !== undefined && mayReceive(receiver, row.event, rule, options);
    });
    return { ...read, events, head: read.more ? (read.events.at(-1)?.position ?? read.head) : read.head };
  }

  #broadcast(
    event: string,
    payloadJson: string,
    rule: EventRule,
    options: PublishOptions,
    position?: EventPosition,
  ): void {
    const extra =
      options.stateVersion === undefined ? "" : `,"stateVersion":${JSON.stringify(options.stateVersion)}`;
    let plain: SharedFrame | undefined;
    let placed: SharedFrame | undefined;
    for (const receiver of this.#receivers) {
      if (!mayReceive(receiver, event, rule, options)) continue;
      if (position && receiver.capabilities.has(EVENT_POSITIONS_CAPABILITY)) {
        placed ??= new SharedFrame(event, payloadJson, `${extra},"position":${JSON.stringify(position)}`);
        receiver.deliver(placed, rule.droppable);
        continue;
      }
      plain ??= new SharedFrame(event, payloadJson, extra);
      receiver.deliver(plain, rule.droppable);
    }
  }
}

/** The delivery rules of spec 6.1 for one receiver. */
export function mayReceive(
  receiver: EventReceiver,
  event: string,
  rule: EventRule,
  options: PublishOptions,
): boolean {
  if (rule.guard !== null && (receiver.role !== "operator" || !satisfies(receiver.scopes, rule.guard))) {
    return false;
  }
  if (options.to && !options.to(receiver)) return false;
  const { subscriptions } = receiver;
  const { sessionKey } = options;
  switch (event) {
    case "session.message":
      return (
        subscriptions.sessions || (sessionKey !== undefined && subscriptions.followsMessages(sessionKey))
      );
    case "sessions.changed":
    case "session.tool":
      return subscriptions.sessions;
    default:
  }
  if (sessionKey !== undefined && SESSION_SCOPED_EVENTS.has(event) && isSessionScoped(receiver)) {
    return subscriptions.followsMessages(sessionKey);
  }
  return true;
}

function isSessionScoped(receiver: EventReceiver): boolean {
  return receiver.capabilities.has(SESSION_SCOPED_CAPABILITY) || receiver.capabilities.has(BROWSER_COPILOT);
}
