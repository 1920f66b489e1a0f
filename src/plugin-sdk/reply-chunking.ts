import {
  resolveTextChunkLimit as chunkLimitOf,
  resolveChunkMode as chunkModeOf,
} from "../channels/outbound/chunk-plan.ts";
import type { ChannelConfig } from "../contracts/channel.ts";

export { chunkByNewline, chunkByParagraph, chunkText, chunkTextWithMode } from "../channels/text/chunking.ts";
export {
  isSilentText as isSilentReplyPayloadText,
  isSilentText as isSilentReplyText,
} from "../channels/text/directives.ts";
export { chunkMarkdownText, chunkMarkdownTextWithMode } from "../channels/text/markdown-chunking.ts";

/** What a model answers when it has nothing to say. */
export const SILENT_REPLY_TOKEN = "NO_REPLY";

export function resolveChunkMode(
  cfg: ChannelConfig | undefined,
  provider?: string,
  accountId?: string | null,
): "length" | "newline" {
  return chunkModeOf(cfg ?? {}, provider, accountId);
}

/** The longest text of one message: account, channel, the given fallback, 4000. */
export function resolveTextChunkLimit(
  cfg: ChannelConfig | undefined,
  provider?: string,
  accountId?: string | null,
  options: { fallbackLimit?: number } = {},
): number {
  return chunkLimitOf(cfg ?? {}, undefined, provider, accountId, options.fallbackLimit);
}
