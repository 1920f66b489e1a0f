import { errorMessage } from "../../kernel/errors.ts";
import type { Logger } from "../../kernel/logger.ts";
import type { OutboxRecord } from "../../store/procedures/outbox-rows.ts";
import { confineMediaSource } from "../message-tool/media-sources.ts";
import { type OutboundPart, withoutFile } from "./parts.ts";

export interface SendableOptions {
  logger: Logger;
  /** Folders whose files may leave with messages of a session; the first is where relative paths start. */
  mediaRoots?(sessionKey: string | undefined): string[];
}

/** A part as the adapter gets it: files are confined, and named in words where they can not go. */
export async function sendablePart(
  options: SendableOptions,
  row: OutboxRecord,
  part: OutboundPart,
  takesFiles: boolean,
): Promise<OutboundPart & { mediaLocalRoots?: string[] }> {
  const { mediaUrl } = part;
  if (mediaUrl === undefined) return part;
  const { channel, sessionKey, outboxId } = row;
  const mediaLocalRoots = options.mediaRoots?.(sessionKey) ?? [];
  try {
    if (!takesFiles) return { text: withoutFile(part, "this channel takes no files") };
    return { ...part, mediaUrl: await confineMediaSource(mediaUrl, mediaLocalRoots), mediaLocalRoots };
  } catch (error) {
    options.logger.warn("a file was left out of a message", {
      outboxId,
      channel,
      error: errorMessage(error),
    });
    return { text: withoutFile(part, "it is not a file of the workspace or the media store") };
  }
}

/** The whole message for a plugin that delivers itself. */
export async function wholeMessage(
  options: SendableOptions,
  row: OutboxRecord,
  first: OutboundPart,
  urls: readonly string[],
): Promise<{ text: string; mediaUrls: string[] }> {
  const mediaUrls: string[] = [];
  let { text } = first;
  for (const mediaUrl of urls) {
    const sendable = await sendablePart(options, row, { text, mediaUrl }, true);
    text = sendable.text;
    if (sendable.mediaUrl !== undefined) mediaUrls.push(sendable.mediaUrl);
  }
  return { text, mediaUrls };
}
