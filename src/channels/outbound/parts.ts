import { basename } from "node:path";
import type { OutboxMedia } from "../../store/records.ts";

/** One call of a channel's adapter: a piece of text, a file, or the first of both. */
export interface OutboundPart {
  text: string;
  mediaUrl?: string;
}

/** The calls that make up a message: the first file goes with the first chunk, the others follow the text. */
export function partsOf(message: { chunks: readonly string[]; media?: OutboxMedia }): OutboundPart[] {
  const parts: OutboundPart[] = message.chunks.map((text) => ({ text }));
  for (const [index, mediaUrl] of (message.media?.urls ?? []).entries()) {
    const first = index === 0 ? parts[0] : undefined;
    if (first) first.mediaUrl = mediaUrl;
    else parts.push({ text: "", mediaUrl });
  }
  return parts;
}

/** What is said in the place of a file that can not go out: its address, or that there was one. */
export function withoutFile({ text, mediaUrl = "" }: OutboundPart, why: string): string {
  const shown = /^https?:/i.test(mediaUrl) ? mediaUrl : `(${nameOf(mediaUrl)} could not be sent: ${why})`;
  return text.trim() === "" ? shown : `${text}\n\n${shown}`;
}

function nameOf(mediaUrl: string): string {
  return /^data:/i.test(mediaUrl) ? "A file" : basename(mediaUrl);
}
