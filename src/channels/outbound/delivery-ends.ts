import type { MessageReceipt } from "../../contracts/channel.ts";
import type { Clock } from "../../kernel/clock.ts";
import { errorMessage } from "../../kernel/errors.ts";
import type { Logger } from "../../kernel/logger.ts";
import type { HookRunner } from "../../plugins/types.ts";
import type { Store } from "../../store/index.ts";
import type { OutboxRecord } from "../../store/procedures/outbox-rows.ts";
import { untilWritten } from "../../store/until-written.ts";
import { RETRY_SCHEDULE_MS } from "./failure.ts";
import type { LiveReplies } from "./live-replies.ts";

export type DeliveryEnd = "delivered" | "cancelled" | "dead" | "retry" | "released";

export interface DeliveryEndParts {
  store: Store;
  hooks: HookRunner;
  live: LiveReplies;
  clock: Clock;
  logger: Logger;
  onOutbound?(channel: string, accountId: string): void;
}

/** How a claimed row ends, or comes back: written down first, then told to plugins. */
export class DeliveryEnds {
  readonly #parts: DeliveryEndParts;
  readonly #row: OutboxRecord;
  readonly #stopped: AbortSignal;

  /** @param stopped aborts when nobody waits for a store any more that takes nothing */
  constructor(parts: DeliveryEndParts, row: OutboxRecord, stopped: AbortSignal) {
    this.#parts = parts;
    this.#row = row;
    this.#stopped = stopped;
  }

  /**
   * Writes what happened to the message, however long that takes: while its row says `sending`, nothing else
   * goes to its recipient.
   */
  write<T>(step: () => Promise<T>): Promise<T> {
    const { clock, logger } = this.#parts;
    return untilWritten("write what became of an outbound message", step, {
      clock,
      logger,
      stopped: this.#stopped,
    });
  }

  async delivered(content: string, receipts: readonly MessageReceipt[]): Promise<DeliveryEnd> {
    const { store, clock } = this.#parts;
    const { outboxId } = this.#row;
    await this.write(() => store.call.outbox.delivered({ outboxId, receipt: receipts, now: clock.now() }));
    this.#parts.onOutbound?.(this.#row.channel, this.#row.accountId);
    this.#announce(content, receipts);
    return "delivered";
  }

  async cancel(reason: string): Promise<DeliveryEnd> {
    const { store, clock, live } = this.#parts;
    const { outboxId } = this.#row;
    await this.write(() => store.call.outbox.cancel({ outboxId, reason, now: clock.now() }));
    live.dropped(this.#row);
    return "cancelled";
  }

  /** The row waits for the next start of its account without losing an attempt. */
  async release(): Promise<DeliveryEnd> {
    const { store, clock } = this.#parts;
    const { outboxId } = this.#row;
    await this.write(() => store.call.outbox.release({ outboxId, now: clock.now() }));
    return "released";
  }

  async retryLater(told: Told, message: string, retryAfterMs: number | undefined): Promise<DeliveryEnd> {
    const { store, clock, logger } = this.#parts;
    const delay = RETRY_SCHEDULE_MS[this.#row.attempts - 1];
    if (delay === undefined) return this.dead(told, "retries-exhausted", message);
    const at = clock.now() + Math.max(delay, retryAfterMs ?? 0);
    const { outboxId } = this.#row;
    await this.write(() => store.call.outbox.retry({ outboxId, at, error: message }));
    logger.warn("an outbound message is tried again later", {
      outboxId: this.#row.outboxId,
      channel: this.#row.channel,
      attempt: this.#row.attempts,
      delayMs: at - clock.now(),
      error: message,
    });
    return "retry";
  }

  async dead({ content, receipts }: Told, reason: string, message: string): Promise<DeliveryEnd> {
    const { store, clock, logger } = this.#parts;
    const { outboxId } = this.#row;
    await this.write(() => store.call.outbox.dead({ outboxId, reason, error: message, now: clock.now() }));
    logger.error("an outbound message is dead; it can be read and replayed", {
      outboxId: this.#row.outboxId,
      channel: this.#row.channel,
      to: this.#row.to,
      reason,
      error: message,
    });
    this.#announce(content, receipts, message);
    return "dead";
  }

  #announce(content: string, receipts: readonly MessageReceipt[], error?: string): void {
    const { hooks, logger } = this.#parts;
    if (!hooks.has("message_sent")) return;
    const row = this.#row;
    const event = {
      to: row.to,
      content,
      success: error === undefined,
      messageId: receipts[0]?.platformMessageIds[0],
      sessionKey: row.sessionKey,
      runId: row.runId,
      error,
    };
    hooks
      .run("message_sent", event, hookContextOf(row))
      .catch((thrown) => logger.warn("a message_sent hook failed", { error: errorMessage(thrown) }));
  }
}

/** What plugins are told of a message that did not arrive. */
interface Told {
  content: string;
  receipts: readonly MessageReceipt[];
}

/** What hooks of outgoing messages are told about where one goes. */
export function hookContextOf(row: OutboxRecord): object {
  return {
    channelId: row.channel,
    accountId: row.accountId,
    conversationId: row.to,
    sessionKey: row.sessionKey,
    runId: row.runId,
  };
}
