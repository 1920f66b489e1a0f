/** @deprecated Kept for published plugins; the parts live in `text-chunking` and `text-utility-runtime`. */
import { parseReplyDirectives } from "../channels/text/directives.ts";

export { chunkText, chunkTextWithMode } from "../channels/text/chunking.ts";
export { chunkMarkdownText } from "../channels/text/markdown-chunking.ts";
export { convertMarkdownTables } from "../channels/text/tables.ts";
export { resolveReactionLevel } from "./status/account-status.ts";
export { stripMarkdown } from "./text/markdown.ts";
export { sanitizeAssistantVisibleText, stripReasoningTagsFromText } from "./text/visible-text.ts";
export { escapeRegExp, safeParseJson, sliceUtf16Safe, truncateUtf16Safe } from "./values/text.ts";

/** Lower case, white space as it is: for paths of file systems that do not tell case apart. */
export function lowercasePreservingWhitespace(text: string): string {
  return text.toLowerCase();
}

/** The directives that a model wrote into its text, and the text without them. */
export function parseInlineDirectives(
  text?: string,
  options: { currentMessageId?: string; stripAudioTag?: boolean; stripReplyTags?: boolean } = {},
) {
  const raw = text ?? "";
  const parsed = parseReplyDirectives(raw);
  const current = parsed.replyTo === "current";
  const replyToId = current ? options.currentMessageId?.trim() || undefined : parsed.replyTo;
  return {
    text: parsed.text,
    audioAsVoice: parsed.audioAsVoice === true,
    replyToCurrent: current,
    hasAudioTag: parsed.audioAsVoice === true,
    hasReplyTag: parsed.replyTo !== undefined,
    ...(replyToId === undefined ? {} : { replyToId }),
    ...(parsed.replyTo !== undefined && !current ? { replyToExplicitId: parsed.replyTo } : {}),
  };
}
