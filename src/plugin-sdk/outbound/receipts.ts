import type { MessageReceipt } from "../../contracts/channel.ts";
import { isRecord } from "../values/records.ts";

export type ReceiptPartKind = "text" | "media" | "voice" | "poll" | "card" | "preview" | "unknown";

/** What one call to a platform gave back; any of the ids names the message. */
export interface ReceiptSource {
  channel?: string;
  messageId?: string;
  chatId?: string;
  channelId?: string;
  roomId?: string;
  conversationId?: string;
  timestamp?: number;
  toJid?: string;
  pollId?: string;
  meta?: Record<string, unknown>;
  receipt?: MessageReceipt;
  [extra: string]: unknown;
}

/** One receipt for everything that was sent for one message (spec 1.10). */
export function createMessageReceiptFromOutboundResults(params: {
  results: readonly ReceiptSource[];
  kind?: ReceiptPartKind;
  threadId?: string;
  replyToId?: string;
  sentAt?: number;
}): MessageReceipt {
  const parts: NonNullable<MessageReceipt["parts"]> = [];
  for (const result of params.results) {
    const nested = result.receipt?.parts;
    if (nested?.length) {
      for (const part of nested) parts.push({ ...part, index: parts.length });
      continue;
    }
    const ids = result.receipt?.platformMessageIds ?? [result.messageId].filter(isId);
    for (const platformMessageId of ids) {
      parts.push({
        platformMessageId,
        kind: params.kind ?? "unknown",
        index: parts.length,
        ...(params.threadId === undefined ? {} : { threadId: params.threadId }),
        ...(params.replyToId === undefined ? {} : { replyToId: params.replyToId }),
      });
    }
  }
  const ids = [...new Set(parts.map((part) => part.platformMessageId))];
  const times = params.results.map(({ timestamp }) => timestamp).filter((at) => typeof at === "number");
  return {
    ...(ids[0] === undefined ? {} : { primaryPlatformMessageId: ids[0] }),
    platformMessageIds: ids,
    parts,
    ...(params.threadId === undefined ? {} : { threadId: params.threadId }),
    ...(params.replyToId === undefined ? {} : { replyToId: params.replyToId }),
    sentAt: params.sentAt ?? times.at(-1) ?? Date.now(),
    raw: params.results,
  };
}

/** The receipt of a message that began as a preview. */
export function createPreviewMessageReceipt(params: {
  id: string | number;
  threadId?: string;
  replyToId?: string | undefined;
}): MessageReceipt {
  return createMessageReceiptFromOutboundResults({
    results: [{ messageId: String(params.id) }],
    kind: "preview",
    ...(params.threadId === undefined ? {} : { threadId: params.threadId }),
    ...(params.replyToId === undefined ? {} : { replyToId: params.replyToId }),
  });
}

function isId(value: string | undefined): value is string {
  return value !== undefined && value.trim() !== "";
}

export function listMessageReceiptPlatformIds(receipt: MessageReceipt | null | undefined): string[] {
  if (!receipt) return [];
  const ids = [receipt.primaryPlatformMessageId, ...receipt.platformMessageIds].filter(isId);
  return [...new Set(ids)];
}

export function resolveMessageReceiptPrimaryId(
  receipt: MessageReceipt | null | undefined,
): string | undefined {
  return listMessageReceiptPlatformIds(receipt)[0];
}

/** What a plugin's `deliver` returns when something visible was sent. */
export function createAcceptedChannelDeliveryResult(params: {
  results?: readonly ReceiptSource[];
  deliveryResults?: readonly unknown[];
  kind?: ReceiptPartKind;
  replyToId?: string;
  content?: string;
}) {
  const nested = (params.deliveryResults ?? []).filter(isRecord).map((result) => result as ReceiptSource);
  const receipt = createMessageReceiptFromOutboundResults({
    results: [...(params.results ?? []), ...nested],
    ...(params.kind === undefined ? {} : { kind: params.kind }),
    ...(params.replyToId === undefined ? {} : { replyToId: params.replyToId }),
  });
  return {
    messageIds: listMessageReceiptPlatformIds(receipt),
    receipt,
    visibleReplySent: true as const,
    ...(params.content === undefined ? {} : { content: params.content }),
  };
}

const PARTIAL = Symbol.for("sluice.plugin-sdk.partial-delivery");

export interface PartialDeliveryError extends Error {
  deliveryResult: object;
  sentBeforeError: true;
  visibleReplySent: true;
}

/** An error after a part was already visible: repeating the whole would say it twice. */
export function createChannelPartialDeliveryError(
  cause: unknown,
  deliveryResult: object,
): PartialDeliveryError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return Object.assign(new Error(message, { cause }), {
    name: "ChannelPartialDeliveryError",
    [PARTIAL]: true,
    deliveryResult,
    sentBeforeError: true as const,
    visibleReplySent: true as const,
  });
}

export function isChannelPartialDeliveryError(error: unknown): error is PartialDeliveryError {
  return typeof error === "object" && error !== null && (error as Record<symbol, unknown>)[PARTIAL] === true;
}
