import type { InboundMessage, InboundResult } from "../../contracts/channel-runtime.ts";
import { withDeadline } from "../../kernel/deadline.ts";
import type { Disposable } from "../../kernel/disposable.ts";
import { SluiceError } from "../../kernel/errors.ts";
import { newSortableId } from "../../kernel/ids.ts";
import type { InboxRecord } from "../../store/procedures/inbox-rows.ts";
import { type DecisionParts, InboundDecisions } from "./decisions.ts";
import { DedupeCache } from "./dedupe.ts";
import { boundedText, conversationKey, type InboxPayload, type PreparedTurn } from "./records.ts";
import { SerialByKey } from "./serial.ts";
import { StartRetries } from "./start-retries.ts";

export const DEDUPE_TTL_MS = 20 * 60_000;
export const DEDUPE_MAX_KEYS = 5_000;
/** How long a stop waits for decisions in flight, whatever a plugin does in one; their rows stay open. */
export const INTAKE_DRAIN_LIMIT_MS = 5_000;
/** Rows read at a time when a start takes up what is open. */
const RESUME_PAGE = 200;

export interface PipelineParts extends DecisionParts {
  /** Something came in from this account. */
  onInbound?(channel: string, accountId: string): void;
}

/**
 * The way of a message from a channel to a turn: record → access → mention → debounce → route → turn.
 * Once `receive` has resolved the row is durable; a restart goes on from the rows (DESIGN §1).
 */
export class InboundPipeline implements Disposable {
  readonly #parts: PipelineParts;
  readonly #decisions: InboundDecisions;
  readonly #retries: StartRetries;
  readonly #seen: DedupeCache;
  readonly #lanes = new SerialByKey();
  #closed = false;
  #drained: Promise<void> | undefined;

  constructor(parts: PipelineParts) {
    this.#parts = parts;
    const { store, clock, logger } = parts;
    this.#retries = new StartRetries({ store, clock, logger, takeUp: (record) => this.#inLane(record) });
    this.#decisions = new InboundDecisions(parts, this.#retries);
    this.#seen = new DedupeCache({
      ttlMs: DEDUPE_TTL_MS,
      maxSize: DEDUPE_MAX_KEYS,
      now: () => clock.now(),
    });
  }

  /**
   * Records a message and decides about it. Resolves once its turn is recorded, or it is settled otherwise.
   *
   * @throws SluiceError `CHANNELS_STOPPING` after `drain`, or a `StoreErrorCode` when it could not be recorded
   */
  async receive(input: InboundMessage): Promise<InboundResult> {
    const { store, clock } = this.#parts;
    this.#assertOpen();
    const message: InboundMessage = {
      ...input,
      text: boundedText(input.text),
      timestamp: input.timestamp ?? clock.now(),
    };
    if (input.textForAgent !== undefined) message.textForAgent = boundedText(input.textForAgent);
    if (
      message.sender.isSelf ||
      this.#parts.outlet.isEcho(message.channel, message.accountId, message.messageId)
    ) {
      return { status: "ignored", inboxId: "", reason: "echo" };
    }
    const key = `${message.channel}\0${message.accountId}\0${message.messageId}`;
    if (this.#seen.peek(key)) return { status: "duplicate", inboxId: "", reason: "seen" };
    const payload: InboxPayload = { v: 1, mode: "message", message };
    const { inserted, record } = await store.call.inbox.accept({
      inboxId: newSortableId(clock.now()),
      channel: message.channel,
      accountId: message.accountId,
      messageId: message.messageId,
      conversation: conversationKey(message),
      payload,
      receivedAt: clock.now(),
    });
    this.#seen.check(key);
    this.#parts.onInbound?.(message.channel, message.accountId);
    if (!inserted) return duplicateOf(record);
    return this.#inLane(record);
  }

  /**
   * Records a turn that a plugin prepared itself. `duplicate` when the message is known.
   *
   * @throws like {@link InboundPipeline.receive}
   */
  async accept(
    turn: PreparedTurn,
    key: { channel: string; accountId: string; messageId: string },
    beforeStart: (runId: string) => void,
  ): Promise<InboundResult> {
    const { store, clock } = this.#parts;
    this.#assertOpen();
    const payload: InboxPayload = { v: 1, mode: "turn", turn };
    const { inserted, record } = await store.call.inbox.accept({
      inboxId: newSortableId(clock.now()),
      ...key,
      conversation: turn.request.sessionKey,
      payload,
      receivedAt: clock.now(),
    });
    this.#parts.onInbound?.(key.channel, key.accountId);
    if (!inserted) return duplicateOf(record);
    beforeStart(record.inboxId);
    return this.#inLane(record);
  }

  /** Takes up every message that an earlier process recorded and did not settle. */
  async resume(): Promise<{ resumed: number }> {
    const { store, logger } = this.#parts;
    let afterOrdinal = 0;
    let resumed = 0;
    for (;;) {
      const page = await store.call.inbox.open({ status: "pending", afterOrdinal, limit: RESUME_PAGE });
      resumed += page.length;
      // A page at a time: however much is open, only this much of it is in memory.
      await Promise.all(
        page.map((record) =>
          this.#inLane(record).catch((error) => {
            logger.error("a recorded message could not be taken up", { inboxId: record.inboxId, error });
          }),
        ),
      );
      const last = page.at(-1);
      if (!last || page.length < RESUME_PAGE) return { resumed };
      afterOrdinal = last.ordinal;
    }
  }

  /** Settled messages are tried again as new rows; see `inbox.replay`. */
  async replay(inboxId: string): Promise<InboundResult | undefined> {
    const now = this.#parts.clock.now();
    const record = await this.#parts.store.call.inbox.replay({
      inboxId,
      newInboxId: newSortableId(now),
      now,
    });
    return record ? this.#inLane(record) : undefined;
  }

  /**
   * Refuses new messages, flushes what is being collected, and waits for decisions in flight, at most
   * {@link INTAKE_DRAIN_LIMIT_MS}.
   */
  drain(): Promise<void> {
    this.#closed = true;
    this.#drained ??= this.#drain();
    return this.#drained;
  }

  async dispose(): Promise<void> {
    this.#decisions.clear();
    await this.drain();
  }

  async #drain(): Promise<void> {
    const { clock, logger } = this.#parts;
    await this.#retries.close();
    const idle = async () => {
      await this.#decisions.drain();
      await this.#lanes.idle();
    };
    try {
      await withDeadline(idle(), INTAKE_DRAIN_LIMIT_MS, "deciding about the last messages", clock);
    } catch (error) {
      logger.warn("messages are left to the next start", { open: this.#lanes.size, error });
    }
  }

  #assertOpen(): void {
    if (!this.#closed) return;
    throw new SluiceError(
      "CHANNELS_STOPPING",
      "the gateway is stopping; deliver the message again after the restart",
      {
        retryable: true,
      },
    );
  }

  #inLane(record: InboxRecord): Promise<InboundResult> {
    return this.#lanes.run(`${record.channel}\0${record.accountId}\0${record.conversation}`, async () => {
      try {
        return await this.#decisions.decide(record);
      } catch (error) {
        return this.#retries.failed(record, error);
      }
    });
  }
}

function duplicateOf(record: InboxRecord): InboundResult {
  const result: InboundResult = { status: "duplicate", inboxId: record.inboxId, reason: record.status };
  if (record.runId !== undefined) result.runId = record.runId;
  if (record.sessionKey !== undefined) result.sessionKey = record.sessionKey;
  return result;
}
