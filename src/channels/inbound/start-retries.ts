import type { InboundResult } from "../../contracts/channel-runtime.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Disposable } from "../../kernel/disposable.ts";
import { errorMessage, isSluiceError } from "../../kernel/errors.ts";
import type { Logger } from "../../kernel/logger.ts";
import type { Store } from "../../store/index.ts";
import type { InboxRecord } from "../../store/procedures/inbox-rows.ts";
import { mayPass } from "../../store/until-written.ts";

/** Attempts to start a turn before a message is dead. */
export const MAX_START_ATTEMPTS = 5;
export const START_RETRY_MS = [1_000, 5_000, 25_000, 120_000] as const;
/** A message waits this long when it could not be started for want of room: a full lane, a full disk. */
export const WANT_OF_ROOM_RETRY_MS = 5_000;
/** Of many that wait for room, one is tried again in this time. */
export const WANT_OF_ROOM_PACE_MS = 50;
/** How often the log mentions that messages wait for room. */
const WAITING_LOG_PERIOD_MS = 30_000;

/** A full lane, or a store that takes nothing for now. */
function isFull(error: unknown): boolean {
  return (isSluiceError(error) && error.code === "AGENT_BUSY") || mayPass(error);
}

export interface StartRetryParts {
  store: Store;
  clock: Clock;
  logger: Logger;
  /** Decides about a recorded message once more. */
  takeUp(record: InboxRecord): Promise<unknown>;
}

/** Messages whose turn could not be started: when they are tried again, and when they are given up. */
export class StartRetries {
  readonly #parts: StartRetryParts;
  readonly #timers = new Map<string, Disposable>();
  #closed = false;
  #mentionedAt: number | undefined;

  constructor(parts: StartRetryParts) {
    this.#parts = parts;
  }

  /** Forgets the timers; what they stood for stays in its rows. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers.values()) await timer.dispose();
    this.#timers.clear();
  }

  /** Keeps the row and tries again later; gives up as dead, listed and replayable. */
  async failed(record: InboxRecord, error: unknown): Promise<InboundResult> {
    const reason = errorMessage(error);
    if (this.#closed || (isSluiceError(error) && error.code === "STORE_CLOSED")) {
      return { status: "buffered", inboxId: record.inboxId, reason };
    }
    // Nothing is wrong with the message: waiting for room costs it no attempt.
    if (isFull(error)) return this.#wait(record, reason);
    try {
      return await this.#countAttempt(record, error, reason);
    } catch (refusal) {
      if (!isFull(refusal)) throw refusal;
      return this.#wait(record, reason);
    }
  }

  async #countAttempt(record: InboxRecord, error: unknown, reason: string): Promise<InboundResult> {
    const { store, clock, logger } = this.#parts;
    const { inboxId } = record;
    const delay = START_RETRY_MS[Math.min(record.attempts, START_RETRY_MS.length - 1)] as number;
    const noted = await store.call.inbox.defer({ inboxId, reason, availableAt: clock.now() + delay });
    if (!noted) return { status: "handled", inboxId, reason };
    logger.warn("a message could not be turned into a turn", { inboxId, attempts: noted.attempts, error });
    if (noted.attempts >= MAX_START_ATTEMPTS) {
      await store.call.inbox.dead({ inboxId, reason, now: clock.now() });
      return { status: "ignored", inboxId, reason };
    }
    this.later({ ...record, attempts: noted.attempts }, delay);
    return { status: "buffered", inboxId, reason };
  }

  #wait(record: InboxRecord, reason: string): InboundResult {
    const { inboxId } = record;
    const { clock, logger } = this.#parts;
    const waiting = this.#timers.size + 1;
    const now = clock.monotonic();
    if (this.#mentionedAt === undefined || now - this.#mentionedAt >= WAITING_LOG_PERIOD_MS) {
      this.#mentionedAt = now;
      logger.warn("messages wait for room to become turns", { inboxId, waiting, reason });
    }
    this.later(record, Math.max(WANT_OF_ROOM_RETRY_MS, waiting * WANT_OF_ROOM_PACE_MS));
    return { status: "buffered", inboxId, reason };
  }

  /** Takes the row up again after a while; not any more once the intake is closed. */
  later(record: InboxRecord, delayMs: number): void {
    const { clock, logger } = this.#parts;
    if (this.#closed) return;
    const timer = clock.after(delayMs, () => {
      this.#timers.delete(record.inboxId);
      this.#parts.takeUp(record).catch((error) => {
        logger.error("a recorded message could not be taken up", { inboxId: record.inboxId, error });
      });
    });
    this.#timers.set(record.inboxId, timer);
  }
}
