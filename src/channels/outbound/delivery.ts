import type {
  ChannelConfig,
  ChannelPlugin,
  MessageReceipt,
  OutboundDeliveryResult,
} from "../../contracts/channel.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Disposable } from "../../kernel/disposable.ts";
import { errorMessage, SluiceError } from "../../kernel/errors.ts";
import type { Logger } from "../../kernel/logger.ts";
import type { HookRunner } from "../../plugins/types.ts";
import type { Store } from "../../store/index.ts";
import { UNKNOWN_AFTER_SEND } from "../../store/procedures/outbox.ts";
import type { OutboxRecord } from "../../store/procedures/outbox-rows.ts";
import type { OutboxMedia } from "../../store/records.ts";
import { asRecord } from "../config-values.ts";
import type { ChannelDirectory } from "../directory.ts";
import { confineMediaSource } from "../message-tool/media-sources.ts";
import { chunkForChannel } from "./chunk-plan.ts";
import { classifyFailure, isQuick, QUICK_TRIES, quickDelayMs, RETRY_SCHEDULE_MS } from "./failure.ts";
import type { LiveReplies } from "./live-replies.ts";
import { hearsOutgoing, outgoingMessage } from "./outgoing-hooks.ts";
import type { MessageOutlet } from "./outlet.ts";
import { type OutboundPart, partsOf, withoutFile } from "./parts.ts";

/** One call of an adapter may take this long before it is given up. */
export const SEND_LIMIT_MS = 300_000;
/** How long an adapter may still answer after its account was stopped. */
const STOP_GRACE_MS = 2_000;

export interface DeliveryParts {
  store: Store;
  channels: ChannelDirectory;
  hooks: HookRunner;
  live: LiveReplies;
  outlet: MessageOutlet;
  config(): ChannelConfig;
  clock: Clock;
  logger: Logger;
  random(): number;
  /** Folders whose files may leave with messages of a session; the first is where relative paths start. */
  mediaRoots?(sessionKey: string | undefined): string[];
  onOutbound?(channel: string, accountId: string): void;
}

/** What happens to a message that may have been sent: `channels.<id>.ambiguousSends`, else the channel's own word. */
export function ambiguousPolicy(plugin: ChannelPlugin | undefined, cfg: ChannelConfig): "resend" | "settle" {
  if (!plugin) return "settle";
  const stated = asRecord(asRecord(cfg["channels"])[plugin.id])["ambiguousSends"];
  return stated === "resend" || stated === "settle" ? stated : (plugin.outbound?.ambiguous ?? "settle");
}

export type DeliveryEnd = "delivered" | "cancelled" | "dead" | "retry" | "released";

/** Sends one claimed outbox row: hooks, chunks from the first unsent one, receipt, or what went wrong. */
export class Delivery {
  readonly #parts: DeliveryParts;
  readonly #row: OutboxRecord;
  readonly #signal: AbortSignal;
  #chunks: string[];
  #media: OutboxMedia | undefined;
  #calls: OutboundPart[];
  #dispatched = false;
  readonly #receipts: MessageReceipt[];

  constructor(parts: DeliveryParts, row: OutboxRecord, signal: AbortSignal) {
    this.#parts = parts;
    this.#row = row;
    this.#signal = signal;
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
      return this.#retryLater(`a hook of outgoing messages failed: ${errorMessage(error)}`, undefined);
    }
    if (cancelled !== undefined) return this.#cancel(cancelled);
    if (this.#calls.length === 0) return this.#cancel("no_visible_payload");
    const pieces = this.#parts.live.has(this.#row.runId) ? 1 : this.#calls.length;
    for (let index = this.#row.chunksSent; index < pieces; index++) {
      const failure = await this.#sendChunk(index);
      if (failure) return failure;
    }
    await this.#parts.store.call.outbox.delivered({
      outboxId: this.#row.outboxId,
      receipt: this.#receipts,
      now: this.#parts.clock.now(),
    });
    this.#parts.onOutbound?.(this.#row.channel, this.#row.accountId);
    this.#announce(true);
    return "delivered";
  }

  /** Lets hooks change or stop the message, once in its life. Returns why it was stopped. */
  async #askHooks(): Promise<string | undefined> {
    const { hooks, store } = this.#parts;
    const row = this.#row;
    if (row.prepared || row.chunksSent > 0) return undefined;
    const isLive = this.#parts.live.has(row.runId);
    const content = row.content ?? row.chunks.join("\n");
    const decided = await outgoingMessage(hooks, row, content, this.#hookContext());
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
    const { store, clock } = this.#parts;
    for (let tryIndex = 1; ; tryIndex++) {
      this.#dispatched = false;
      try {
        const result = await this.#call(index);
        if (result?.outcome === "not_sent") return this.#cancel("adapter_returned_no_send");
        this.#remember(result, index);
        if (index + 1 < this.#calls.length && !this.#parts.live.has(this.#row.runId)) {
          await store.call.outbox.chunkSent({
            outboxId: this.#row.outboxId,
            chunksSent: index + 1,
            receipt: this.#receipts,
            now: clock.now(),
            nextStarted: this.#startsAtCall(),
          });
        }
        return undefined;
      } catch (error) {
        const failure = classifyFailure(error, this.#dispatched);
        if (failure.kind === "ambiguous" && !this.#dispatched && this.#reportsDispatch()) {
          failure.kind = "not-sent";
        }
        if (this.#signal.aborted && !this.#dispatched && failure.kind !== "permanent") {
          // The account stops. Nothing left, so the row waits for the next start without losing an attempt.
          if (this.#reportsDispatch()) return this.#release();
        }
        if (failure.kind === "not-sent") {
          const delay = quickDelayMs(tryIndex, failure.retryAfterMs, this.#parts.random());
          if (tryIndex < QUICK_TRIES && isQuick(delay) && !this.#signal.aborted) {
            await clock.sleep(delay, this.#signal).catch(() => {});
            continue;
          }
          return this.#retryLater(failure.message, failure.retryAfterMs);
        }
        if (failure.kind === "ambiguous" && this.#ambiguousPolicy() === "resend") {
          return this.#retryLater(failure.message, failure.retryAfterMs);
        }
        return this.#dead(failure.kind === "ambiguous" ? UNKNOWN_AFTER_SEND : "permanent", failure.message);
      }
    }
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
      const { text, mediaUrls } = await this.#wholeOf(part);
      await this.#limited(live.deliver(row, text, mediaUrls), call);
      return undefined;
    }
    const outbound = channels.get(row.channel)?.outbound;
    const { text, mediaUrl, mediaLocalRoots } = await this.#sendable(part, outbound?.sendMedia !== undefined);
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
      ...(mediaUrl !== undefined && this.#media?.audioAsVoice ? { audioAsVoice: true } : {}),
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
    return this.#limited(work, call);
  }

  /** A part as the adapter gets it: files are confined, and named in words where they can not go. */
  async #sendable(
    part: OutboundPart,
    takesFiles: boolean,
  ): Promise<OutboundPart & { mediaLocalRoots?: string[] }> {
    const { mediaUrl } = part;
    if (mediaUrl === undefined) return part;
    const { channel, sessionKey, outboxId } = this.#row;
    const mediaLocalRoots = this.#parts.mediaRoots?.(sessionKey) ?? [];
    try {
      if (!takesFiles) return { text: withoutFile(part, "this channel takes no files") };
      return { ...part, mediaUrl: await confineMediaSource(mediaUrl, mediaLocalRoots), mediaLocalRoots };
    } catch (error) {
      this.#parts.logger.warn("a file was left out of a message", {
        outboxId,
        channel,
        error: errorMessage(error),
      });
      return { text: withoutFile(part, "it is not a file of the workspace or the media store") };
    }
  }

  /** The whole message for a plugin that delivers itself. */
  async #wholeOf(first: OutboundPart): Promise<{ text: string; mediaUrls: string[] }> {
    const mediaUrls: string[] = [];
    let { text } = first;
    for (const mediaUrl of this.#media?.urls ?? []) {
      const sendable = await this.#sendable({ text, mediaUrl }, true);
      text = sendable.text;
      if (sendable.mediaUrl !== undefined) mediaUrls.push(sendable.mediaUrl);
    }
    return { text, mediaUrls };
  }

  /** Waits for an adapter: until the limit, or a moment beyond the stop of its account. */
  async #limited<T>(work: Promise<T>, call: AbortController): Promise<T> {
    const { clock } = this.#parts;
    const timers: Disposable[] = [];
    let onStop = () => {};
    const expired = new Promise<never>((_, reject) => {
      const giveUp = (message: string) => {
        const error = new SluiceError("TIMEOUT", message, { retryable: true });
        call.abort(error);
        reject(error);
      };
      timers.push(
        clock.after(SEND_LIMIT_MS, () => giveUp(`the channel did not answer in ${SEND_LIMIT_MS} ms`)),
      );
      onStop = () => {
        call.abort(new SluiceError("TIMEOUT", "the channel account stopped", { retryable: true }));
        timers.push(clock.after(STOP_GRACE_MS, () => giveUp("the channel account stopped")));
      };
    });
    if (this.#signal.aborted) onStop();
    else this.#signal.addEventListener("abort", onStop, { once: true });
    try {
      return await Promise.race([work, expired]);
    } finally {
      for (const timer of timers) void timer.dispose();
      this.#signal.removeEventListener("abort", onStop);
    }
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

  async #cancel(reason: string): Promise<DeliveryEnd> {
    const { store, clock, live } = this.#parts;
    await store.call.outbox.cancel({ outboxId: this.#row.outboxId, reason, now: clock.now() });
    live.dropped(this.#row);
    return "cancelled";
  }

  async #release(): Promise<DeliveryEnd> {
    const { store, clock } = this.#parts;
    await store.call.outbox.release({ outboxId: this.#row.outboxId, now: clock.now() });
    return "released";
  }

  async #retryLater(message: string, retryAfterMs: number | undefined): Promise<DeliveryEnd> {
    const { store, clock, logger } = this.#parts;
    const delay = RETRY_SCHEDULE_MS[this.#row.attempts - 1];
    if (delay === undefined) return this.#dead("retries-exhausted", message);
    const at = clock.now() + Math.max(delay, retryAfterMs ?? 0);
    await store.call.outbox.retry({ outboxId: this.#row.outboxId, at, error: message });
    logger.warn("an outbound message is tried again later", {
      outboxId: this.#row.outboxId,
      channel: this.#row.channel,
      attempt: this.#row.attempts,
      delayMs: at - clock.now(),
      error: message,
    });
    return "retry";
  }

  async #dead(reason: string, message: string): Promise<DeliveryEnd> {
    const { store, clock, logger } = this.#parts;
    await store.call.outbox.dead({
      outboxId: this.#row.outboxId,
      reason,
      error: message,
      now: clock.now(),
    });
    logger.error("an outbound message is dead; it can be read and replayed", {
      outboxId: this.#row.outboxId,
      channel: this.#row.channel,
      to: this.#row.to,
      reason,
      error: message,
    });
    this.#announce(false, message);
    return "dead";
  }

  #announce(success: boolean, error?: string): void {
    const { hooks, logger } = this.#parts;
    if (!hooks.has("message_sent")) return;
    const row = this.#row;
    const event = {
      to: row.to,
      content: row.content ?? this.#chunks.join("\n"),
      success,
      messageId: this.#receipts[0]?.platformMessageIds[0],
      sessionKey: row.sessionKey,
      runId: row.runId,
      error,
    };
    hooks
      .run("message_sent", event, this.#hookContext())
      .catch((thrown) => logger.warn("a message_sent hook failed", { error: errorMessage(thrown) }));
  }

  #hookContext(): object {
    const row = this.#row;
    return {
      channelId: row.channel,
      accountId: row.accountId,
      conversationId: row.to,
      sessionKey: row.sessionKey,
      runId: row.runId,
    };
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
