import type { ChannelReplyPayload } from "../../contracts/channel-runtime.ts";
import { attachChannelToResult, createEmptyChannelResult } from "../outbound/send-results.ts";
import { isRecord } from "../values/records.ts";

/** Reading and sending reply payloads (spec 1.11). */

type Payload = ChannelReplyPayload;
type MediaPayload = { mediaUrls?: readonly string[] | undefined; mediaUrl?: string | undefined };

/** Every attachment, in order; `mediaUrls` wins over `mediaUrl`. */
export function resolveOutboundMediaUrls(payload: MediaPayload): string[] {
  const list = (payload.mediaUrls ?? []).filter((url) => typeof url === "string" && url.trim() !== "");
  if (list.length > 0) return [...list];
  return payload.mediaUrl?.trim() ? [payload.mediaUrl] : [];
}

export const resolvePayloadMediaUrls = resolveOutboundMediaUrls;

export function countOutboundMedia(payload: MediaPayload): number {
  return resolveOutboundMediaUrls(payload).length;
}

export function hasOutboundMedia(payload: MediaPayload): boolean {
  return countOutboundMedia(payload) > 0;
}

export function hasOutboundText(payload: { text?: string }, options: { trim?: boolean } = {}): boolean {
  const text = payload.text ?? "";
  return (options.trim ? text.trim() : text) !== "";
}

export function hasOutboundReplyContent(payload: Payload, options: { trimText?: boolean } = {}): boolean {
  return hasOutboundText(payload, { trim: options.trimText ?? false }) || hasOutboundMedia(payload);
}

export function resolveSendableOutboundReplyParts(
  payload: MediaPayload & { text?: string | undefined },
  options: { text?: string } = {},
) {
  const text = options.text ?? payload.text ?? "";
  const mediaUrls = resolveOutboundMediaUrls(payload);
  const hasText = text.trim() !== "";
  return {
    text,
    trimmedText: text.trim(),
    mediaUrls,
    mediaCount: mediaUrls.length,
    hasText,
    hasMedia: mediaUrls.length > 0,
    hasContent: hasText || mediaUrls.length > 0,
  };
}

export function formatTextWithAttachmentLinks(
  text: string | undefined,
  mediaUrls: readonly string[],
): string {
  const links = mediaUrls.map((url) => `Attachment: ${url}`).join("\n");
  const body = text?.trim() ?? "";
  return body && links ? `${body}\n\n${links}` : body || links;
}

/** Text with its attachments as links, for platforms that take text alone. False: there was nothing to send. */
export async function deliverFormattedTextWithAttachments(params: {
  payload: Payload;
  send(message: { text: string; replyToId?: string }): Promise<void>;
}): Promise<boolean> {
  const text = formatTextWithAttachmentLinks(params.payload.text, resolveOutboundMediaUrls(params.payload));
  if (text === "") return false;
  const { replyToId } = params.payload;
  await params.send({ text, ...(replyToId === undefined ? {} : { replyToId }) });
  return true;
}

interface MediaFailure {
  error: unknown;
  mediaUrl: string;
  caption?: string;
  index: number;
  isFirst: boolean;
}

/** Attachments in order; the first carries the text. False: there was no attachment. */
export async function sendMediaWithLeadingCaption(params: {
  mediaUrls: readonly string[];
  caption: string;
  send(media: { mediaUrl: string; caption?: string }): Promise<void>;
  onError?(failure: MediaFailure): Promise<void> | void;
}): Promise<boolean> {
  for (const [index, mediaUrl] of params.mediaUrls.entries()) {
    const isFirst = index === 0;
    const media = { mediaUrl, ...(isFirst && params.caption !== "" ? { caption: params.caption } : {}) };
    try {
      await params.send(media);
    } catch (error) {
      if (!params.onError) throw error;
      await params.onError({ error, ...media, index, isFirst });
    }
  }
  return params.mediaUrls.length > 0;
}

export async function deliverTextOrMediaReply(params: {
  payload: Payload;
  text: string;
  chunkText?(text: string): readonly string[];
  sendText(text: string): Promise<void>;
  sendMedia(media: { mediaUrl: string; caption?: string }): Promise<void>;
  onMediaError?(failure: MediaFailure): Promise<void> | void;
}): Promise<"empty" | "text" | "media"> {
  const { mediaUrls, hasText } = resolveSendableOutboundReplyParts(params.payload, { text: params.text });
  if (mediaUrls.length > 0) {
    await sendMediaWithLeadingCaption({
      mediaUrls,
      caption: params.text,
      send: params.sendMedia,
      ...(params.onMediaError ? { onError: params.onMediaError } : {}),
    });
    return "media";
  }
  if (!hasText) return "empty";
  const chunks = params.chunkText?.(params.text) ?? [params.text];
  for (const chunk of chunks) if (chunk !== "") await params.sendText(chunk);
  return "text";
}

/** The pieces, or the text itself when cutting gave nothing. */
export function resolveTextChunksWithFallback(text: string, chunks: readonly string[]): string[] {
  return chunks.length > 0 || text === "" ? [...chunks] : [text];
}

interface SendContext {
  payload: Payload;
  text?: string;
  [extra: string]: unknown;
}

interface SendAdapter {
  sendText?(context: SendContext): Promise<object>;
  sendMedia?(context: SendContext): Promise<object>;
  chunker?: ((text: string, limit: number, context?: object) => string[]) | null;
  textChunkLimit?: number;
  resolveEffectiveTextChunkLimit?(context: object): number | undefined;
}

/** Sends a payload with an adapter that knows text and attachments; gives the last result. */
export async function sendTextMediaPayload(params: {
  channel: string;
  ctx: SendContext;
  adapter: SendAdapter;
}) {
  const { channel, ctx, adapter } = params;
  const text = ctx.payload.text ?? "";
  const mediaUrls = resolveOutboundMediaUrls(ctx.payload);
  let last: object | undefined;
  if (mediaUrls.length > 0 && adapter.sendMedia) {
    for (const [index, mediaUrl] of mediaUrls.entries()) {
      last = await adapter.sendMedia({ ...ctx, text: index === 0 ? text : "", mediaUrl });
    }
  } else if (text.trim() !== "" && adapter.sendText) {
    const limit = adapter.resolveEffectiveTextChunkLimit?.(ctx) ?? adapter.textChunkLimit;
    const chunks = limit && adapter.chunker ? adapter.chunker(text, limit) : [text];
    for (const chunk of chunks) last = await adapter.sendText({ ...ctx, text: chunk });
  }
  return last ? attachChannelToResult(channel, last) : createEmptyChannelResult(channel);
}

export function isReasoningReplyPayload(payload: { isReasoning?: unknown; text?: unknown }): boolean {
  return payload.isReasoning === true;
}

export function isReplyPayloadNonTerminalToolErrorWarning(payload: object): boolean {
  const warning = (payload as { isToolErrorWarning?: unknown }).isToolErrorWarning;
  return warning === true;
}

interface TtsSupplement {
  spokenText?: string;
  visibleTextAlreadyDelivered?: boolean;
}

/** Speech that only repeats a text which is shown anyway. */
export function getReplyPayloadTtsSupplement(
  payload: MediaPayload & { ttsSupplement?: unknown },
): TtsSupplement | undefined {
  return isRecord(payload.ttsSupplement) && hasOutboundMedia(payload) ? payload.ttsSupplement : undefined;
}

export function buildTtsSupplementMediaPayload(payload: Payload): Payload {
  const { text: _text, ...media } = payload;
  return media;
}

type OptionIndices = Record<string, Record<string, number>>;

export function resolveAskUserQuestionOptionIndices(payload: {
  channelData?: unknown;
}): OptionIndices | undefined {
  const data = isRecord(payload.channelData) ? payload.channelData["askUserQuestion"] : undefined;
  const indices = isRecord(data) ? data["optionIndices"] : undefined;
  return isRecord(indices) ? (indices as OptionIndices) : undefined;
}

export function resolveAskUserQuestionOptionIndex(params: {
  questionOptionIndices?: OptionIndices | undefined;
  questionId: string;
  optionValue: string;
}): number | undefined {
  return params.questionOptionIndices?.[params.questionId]?.[params.optionValue];
}

export function isNumericTargetId(raw: string): boolean {
  return /^\d{3,}$/.test(raw.trim());
}
