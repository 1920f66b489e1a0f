import type {
  ChannelConfig,
  ChannelOutboundContext,
  ChannelPlugin,
  MessageReceipt,
  OutboundDeliveryResult,
} from "../../contracts/channel.ts";
import { errorMessage, SluiceError } from "../../kernel/errors.ts";
import type { OutboxRecord } from "../../store/procedures/outbox-rows.ts";
import { type OutboxMedia, UNKNOWN_AFTER_SEND } from "../../store/records.ts";
import { asRecord } from "../config-values.ts";
import type { ChannelDirectory } from "../directory.ts";
import { chunkForChannel } from "./chunk-plan.ts";
import { type DeliveryEnd, type DeliveryEndParts, DeliveryEnds, hookContextOf } from "./delivery-ends.ts";
import { classifyFailure, isQuick, QUICK_TRIES, quickDelayMs } from "./failure.ts";
import { hearsOutgoing, outgoingMessage } from "./outgoing-hooks.ts";
import type { MessageOutlet } from "./outlet.ts";
import { type OutboundPart, partsOf } from "./parts.ts";
import { limited } from "./send-limit.ts";
import { type SendableOptions, sendablePart, wholeMessage } from "./sendable-parts.ts";

export interface DeliveryParts extends DeliveryEndParts, SendableOptions {
  channels: ChannelDirectory;
  outlet: MessageOutlet;
  config(): ChannelConfig;
  random(): number;
}

/** What happens to a message that may have been sent: `channels.<id>.ambiguousSends`, else the channel's own word. */
export function ambiguousPolicy(plugin: ChannelPlugin | undefined, cfg: ChannelConfig): "resend" | "settle" {
  if (!plugin) return "settle";
  const stated = asRecord(asRecord(cfg["channels"])[plugin.id])["ambiguousSends"];
  return stated === "resend" || stated === "settle" ? stated : (plugin.outbound?.ambiguous ?? "settle");
}

/** Sends one claimed outbox row: hooks, chunks from the first unsent one, receipt, or what went wrong. */
export class Delivery {
  readonly #parts: DeliveryParts;
  readonly #row: OutboxRecord;
  readonly #signal: AbortSignal;
  #chunks: string[];
  #media: OutboxMedia | undefined;
  #calls: OutboundPart[];
  readonly #ends: DeliveryEnds;
  #dispatched = false;
  readonly #receipts: MessageReceipt[];

  /**
   * @param signal aborts when the account stops
   * @param stopped aborts when the gateway has stopped sending
   */
  constructor(parts: DeliveryParts, row: OutboxRecord, signal: AbortSignal, stopped: AbortSignal) {
    this.#parts = parts;
    this.#row = row;
    this.#signal = signal;
    this.#ends = new DeliveryEnds(parts, row, stopped);
    this.#chunks = row.chunks;
    this.#media = row.media;
    this.#calls = partsOf(row);
    this.#receipts = Array.isArray(row.receipt) ? (row.receipt as MessageReceipt[]) : [];
  }

  async run(): Promise<DeliveryEnd> {
    let cancelled: string | undefined;
    try {
      cancelled = await this.#askHooks();
    } catch (error) {
      return this.#ends.retryLater(
        this.#told,
        `a hook of outgoing messages failed: ${errorMessage(error)}`,
        undefined,
      );
    }
    if (cancelled !== undefined) return this.#ends.cancel(cancelled);
    if (this.#calls.length === 0) return this.#ends.cancel("no_visible_payload");
    const pieces = this.#parts.live.has(this.#row.runId) ? 1 : this.#calls.length;
    for (let index = this.#row.chunksSent; index < pieces; index++) {
      const failure = await this.#sendChunk(index);
      if (failure) return failure;
    }
    return this.#ends.delivered(this.#told.content, this.#receipts);
  }

  /** Lets hooks change or stop the message, once in its life. Returns why it was stopped. */
  async #askHooks(): Promise<string | undefined> {
    const { hooks, store } = this.#parts;
    const row = this.#row;
    if (row.prepared || row.chunksSent > 0) return undefined;
    const isLive = this.#parts.live.has(row.runId);
    const content = row.content ?? row.chunks.join("\n");
    const decided = await outgoingMessage(hooks, row, content, hookContextOf(row));
    if ("cancelled" in decided) return decided.cancelled;
    let chunks: string[] | undefined;
    if (decided.text !== content) chunks = isLive ? [decided.text] : this.#cut(decided.text);
    else if (!isLive) chunks = this.#recut();
    if (chunks || decided.media) {
      this.#chunks = chunks ?? this.#chunks;
      this.#media = decided.media ?? this.#media;
      this.#calls = partsOf({ chunks: this.#chunks, ...(this.#media ? { media: this.#media } : {}) });
      await store.call.outbox.prepare({
        outboxId: row.outboxId,
        ...(chunks ? { chunks } : {}),
        ...(decided.media ? { media: decided.media } : {}),
      });
    } else if (hearsOutgoing(hooks)) {
      await store.call.outbox.prepare({ outboxId: row.outboxId });
    }
    return undefined;
  }

  /** A row planned for a plugin's own delivery is one piece; its adapter needs it cut. */
  #recut(): string[] | undefined {
    const only =
      this.#row.chunks.length === 1 && this.#row.runId !== undefined ? this.#row.chunks[0] : undefined;
    if (only === undefined) return undefined;
    const chunks = this.#cut(only);
    return chunks.length > 1 ? chunks : undefined;
  }

  #cut(text: string): string[] {
    const { channels, config } = this.#parts;
    return chunkForChannel(text, channels.get(this.#row.channel), config(), this.#row.accountId);
  }

  async #sendChunk(index: number): Promise<DeliveryEnd | undefined> {
    const { clock } = this.#parts;
    for (let tryIndex = 1; ; tryIndex++) {
      this.#dispatched = false;
      let result: OutboundDeliveryResult | undefined;
      try {
        result = await this.#call(index);
      } catch (error) {
        const failure = classifyFailure(error, this.#dispatched);
        if (failure.kind === "ambiguous" && !this.#dispatched && this.#reportsDispatch()) {
          failure.kind = "not-sent";
        }
        if (this.#signal.aborted && !this.#dispatched && failure.kind !== "permanent") {
          // The account stops. Nothing left, so the row waits for the next start without losing an attempt.
          if (this.#reportsDispatch()) return this.#ends.release();
        }
        if (failure.kind === "not-sent") {
          const delay = quickDelayMs(tryIndex, failure.retryAfterMs, this.#parts.random());
          if (tryIndex < QUICK_TRIES && isQuick(delay) && !this.#signal.aborted) {
            await clock.sleep(delay, this.#signal).catch(() => {});
            continue;
          }
          return this.#ends.retryLater(this.#told, failure.message, failure.retryAfterMs);
        }
        if (failure.kind === "ambiguous" && this.#ambiguousPolicy() === "resend") {
          return this.#ends.retryLater(this.#told, failure.message, failure.retryAfterMs);
        }
        return this.#ends.dead(
          this.#told,
          failure.kind === "ambiguous" ? UNKNOWN_AFTER_SEND : "permanent",
          failure.message,
        );
      }
      if (result?.outcome === "not_sent") return this.#ends.cancel("adapter_returned_no_send");
      this.#remember(result, index);
      await this.#noteSent(index);
      return undefined;
    }
  }

  /** The platform has the chunk: whatever the store says, it is not sent again. */
  async #noteSent(index: number): Promise<void> {
    const { store, clock, live } = this.#parts;
    if (index + 1 >= this.#calls.length || live.has(this.#row.runId)) return;
    await this.#ends.write(() =>
      store.call.outbox.chunkSent({
        outboxId: this.#row.outboxId,
        chunksSent: index + 1,
        receipt: this.#receipts,
        now: clock.now(),
        nextStarted: this.#startsAtCall(),
      }),
    );
  }

  async #call(index: number): Promise<OutboundDeliveryResult | undefined> {
    const { live, channels, config, store, clock } = this.#parts;
    const row = this.#row;
    const part = this.#calls[index] as OutboundPart;
    const started = () => store.call.outbox.attemptStarted({ outboxId: row.outboxId, now: clock.now() });
    const call = new AbortController();
    if (live.has(row.runId)) {
      if (row.attemptStartedAt === undefined) await started();
      this.#dispatched = true;
      const { text, mediaUrls } = await wholeMessage(this.#parts, row, part, this.#media?.urls ?? []);
      await limited(live.deliver(row, text, mediaUrls), call, { clock, stopped: this.#signal });
      return undefined;
    }
    const outbound = channels.get(row.channel)?.outbound;
    const { text, mediaUrl, mediaLocalRoots } = await sendablePart(
      this.#parts,
      row,
      part,
      outbound?.sendMedia !== undefined,
    );
    const send = mediaUrl === undefined ? outbound?.sendText : outbound?.sendMedia;
    if (!outbound || !send) {
      throw new SluiceError("NOT_SUPPORTED", `the channel "${row.channel}" cannot send text`);
    }
    const reports = this.#reportsDispatch();
    // Later chunks were marked together with the receipt of the one before.
    if (!reports && index === row.chunksSent && row.attemptStartedAt === undefined) await started();
    const work = send.call(outbound, {
      cfg: config(),
      to: row.to,
      text,
      accountId: row.accountId,
      ...(row.threadId === undefined ? {} : { threadId: row.threadId }),
      ...(row.replyToId === undefined || index > 0 ? {} : { replyToId: row.replyToId }),
      signal: call.signal,
      deliveryQueueId: row.outboxId,
      deliveryPartIndex: index,
      deliveryPartCount: this.#calls.length,
      ...(mediaUrl === undefined ? {} : { mediaUrl, mediaLocalRoots }),
      ...mediaHints(this.#media, mediaUrl !== undefined),
      onPlatformSendDispatch: async () => {
        call.signal.throwIfAborted();
        if (this.#dispatched) return;
        if (reports) {
          await started();
          call.signal.throwIfAborted();
        }
        this.#dispatched = true;
      },
    });
    return limited(work, call, { clock, stopped: this.#signal });
  }

  #remember(result: OutboundDeliveryResult | undefined, index: number): void {
    const { outlet, clock } = this.#parts;
    const { channel, accountId } = this.#row;
    const receipt = result?.receipt ?? {
      platformMessageIds: result?.messageId ? [result.messageId] : [],
      sentAt: result?.timestamp ?? clock.now(),
    };
    this.#receipts[index] = receipt;
    for (const id of receipt.platformMessageIds) outlet.rememberSent(channel, accountId, id);
  }

  get #told(): { content: string; receipts: readonly MessageReceipt[] } {
    return { content: this.#row.content ?? this.#chunks.join("\n"), receipts: this.#receipts };
  }

  #reportsDispatch(): boolean {
    return this.#parts.channels.get(this.#row.channel)?.outbound?.reportsDispatch === true;
  }

  /** True when the platform is called right after a chunk is recorded, so that both are one commit. */
  #startsAtCall(): boolean {
    return !this.#reportsDispatch() && !this.#parts.live.has(this.#row.runId);
  }

  #ambiguousPolicy(): "resend" | "settle" {
    const { channels, config } = this.#parts;
    return ambiguousPolicy(channels.get(this.#row.channel), config());
  }
}

/** What an adapter is told about the files of a message and the words with them. */
function mediaHints(media: OutboxMedia | undefined, isFile: boolean): Partial<ChannelOutboundContext> {
  return {
    ...(isFile && media?.audioAsVoice ? { audioAsVoice: true } : {}),
    ...(isFile && media?.forceDocument ? { forceDocument: true } : {}),
    ...(media?.silent ? { silent: true } : {}),
    ...(media?.parseMode ? { formatting: { parseMode: media.parseMode } } : {}),
  };
}
