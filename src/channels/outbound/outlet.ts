import type { ChannelConfig } from "../../contracts/channel.ts";
import type { Clock } from "../../kernel/clock.ts";
import { newSortableId } from "../../kernel/ids.ts";
import type { Store } from "../../store/index.ts";
import type { DeliveryTarget, OutboxDraft, OutboxMedia } from "../../store/records.ts";
import type { ChannelDirectory } from "../directory.ts";
import { DedupeCache } from "../inbound/dedupe.ts";
import { chunkForChannel } from "./chunk-plan.ts";

/** How long the id of a message that we sent is remembered, to know its echo (spec 1.18.3). */
export const ECHO_TTL_MS = 30_000;
const ECHO_MAX_KEYS = 5_000;

/** A text on its way out, before it is cut and queued. */
export interface OutboundText extends DeliveryTarget {
  /** The same key queues the message once, for ever. */
  idempotencyKey: string;
  sessionKey?: string;
  runId?: string;
  text: string;
  media?: OutboxMedia;
}

/** Turns texts into outbox rows and says who has new ones. */
export class MessageOutlet {
  readonly #parts: { store: Store; channels: ChannelDirectory; config(): ChannelConfig; clock: Clock };
  readonly #echoes: DedupeCache;
  #onQueued: (channel: string, accountId: string) => void = () => {};

  constructor(parts: { store: Store; channels: ChannelDirectory; config(): ChannelConfig; clock: Clock }) {
    this.#parts = parts;
    this.#echoes = new DedupeCache({
      ttlMs: ECHO_TTL_MS,
      maxSize: ECHO_MAX_KEYS,
      now: () => parts.clock.now(),
    });
  }

  /** Set once, by the pump. */
  listen(onQueued: (channel: string, accountId: string) => void): void {
    this.#onQueued = onQueued;
  }

  draft(message: OutboundText): OutboxDraft {
    const { channels, config, clock } = this.#parts;
    const { text, ...rest } = message;
    const chunks = chunkForChannel(text, channels.get(message.channel), config(), message.accountId);
    const draft: OutboxDraft = { outboxId: newSortableId(clock.now()), ...rest, chunks };
    if (chunks.length > 1) draft.content = text;
    return draft;
  }

  /** Queues a message; durable when it resolves. `inserted` is false when the key was known. */
  async enqueue(message: OutboundText): Promise<{ outboxId: string; inserted: boolean }> {
    const draft = this.draft(message);
    const { store, clock } = this.#parts;
    const { inserted } = await store.call.outbox.enqueue({ drafts: [draft], now: clock.now() });
    if (inserted.length > 0) {
      this.poke(message.channel, message.accountId);
      return { outboxId: draft.outboxId, inserted: true };
    }
    const known = await store.call.outbox.explain({ idempotencyKey: message.idempotencyKey });
    return { outboxId: known?.outboxId ?? draft.outboxId, inserted: false };
  }

  /** Tells the pump that rows of this account were committed. */
  poke(channel: string, accountId: string): void {
    this.#onQueued(channel, accountId);
  }

  rememberSent(channel: string, accountId: string, messageId: string): void {
    this.#echoes.check(`${channel}\0${accountId}\0${messageId}`);
  }

  isEcho(channel: string, accountId: string, messageId: string): boolean {
    return this.#echoes.peek(`${channel}\0${accountId}\0${messageId}`);
  }
}
