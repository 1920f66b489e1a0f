import { resolveOutboundMediaUrls } from "./payloads.ts";

interface Step {
  text: string;
  mediaUrl: string;
  index: number;
  isFirst: boolean;
}

interface Sequence<Result> {
  text: string;
  mediaUrls: readonly string[];
  send(step: Step): Promise<Result>;
  /** After each sent attachment, so that a later failure does not lose what is out. */
  onResult?(result: Result): Promise<unknown> | unknown;
}

/** Sends attachments one after the other, the text with the first; gives the last result. */
export async function sendPayloadMediaSequence<Result>(
  params: Sequence<Result>,
): Promise<Result | undefined> {
  let last: Result | undefined;
  for (const [index, mediaUrl] of params.mediaUrls.entries()) {
    const isFirst = index === 0;
    last = await params.send({ text: isFirst ? params.text : "", mediaUrl, index, isFirst });
    await params.onResult?.(last);
  }
  return last;
}

/** The same; without attachments `sendNoMedia`, and the fallback where nothing was sent. */
export async function sendPayloadMediaSequenceOrFallback<Result>(
  params: Sequence<Result> & { fallbackResult: Result; sendNoMedia?(): Promise<Result> },
): Promise<Result> {
  if (params.mediaUrls.length > 0) return (await sendPayloadMediaSequence(params)) ?? params.fallbackResult;
  if (!params.sendNoMedia) return params.fallbackResult;
  const result = await params.sendNoMedia();
  await params.onResult?.(result);
  return result;
}

/** Attachments first, then what ends the message; gives the result of the end. */
export async function sendPayloadMediaSequenceAndFinalize<Result>(
  params: Sequence<Result> & { finalize(): Promise<Result> },
): Promise<Result> {
  await sendPayloadMediaSequence(params);
  return params.finalize();
}

interface PayloadContext {
  payload: { text?: string; mediaUrl?: string; mediaUrls?: string[] };
  text?: string;
  [extra: string]: unknown;
}

/** Sends a payload as attachments with a leading text, or as text in pieces of the platform's length. */
export async function sendPayloadWithChunkedTextAndMedia<Context extends PayloadContext, Result>(params: {
  ctx: Context;
  textChunkLimit?: number;
  chunker?: ((text: string, limit: number, context?: object) => string[]) | null;
  sendText(context: Context & { text: string }): Promise<Result>;
  sendMedia(context: Context & { text: string; mediaUrl: string }): Promise<Result>;
  emptyResult: Result;
  onResult?(result: Result): Promise<unknown> | unknown;
}): Promise<Result> {
  const { ctx, textChunkLimit, chunker } = params;
  const text = ctx.payload.text ?? "";
  const mediaUrls = resolveOutboundMediaUrls(ctx.payload);
  if (mediaUrls.length > 0) {
    const sent = await sendPayloadMediaSequence({
      text,
      mediaUrls,
      send: (step) => params.sendMedia({ ...ctx, text: step.text, mediaUrl: step.mediaUrl }),
      ...(params.onResult ? { onResult: params.onResult } : {}),
    });
    return sent ?? params.emptyResult;
  }
  if (text.trim() === "") return params.emptyResult;
  const pieces = textChunkLimit && chunker ? chunker(text, textChunkLimit) : [text];
  let last = params.emptyResult;
  for (const piece of pieces.length > 0 ? pieces : [text]) {
    last = await params.sendText({ ...ctx, text: piece });
    await params.onResult?.(last);
  }
  return last;
}
