export { convertMarkdownTables } from "../channels/text/tables.ts";
/** Marks what the host says by itself, so that it is not taken for the agent's words. */
export const SYSTEM_MARK = "⚙️";

export { chunkItems, chunkTextForOutbound } from "./text/chunks.ts";
export { tokenizeHtmlTags } from "./text/html-tags.ts";
export {
  FormatCapabilityProfile,
  markdownToIR,
  markdownToIRWithMeta,
  renderMarkdownWithMarkers,
  stripMarkdown,
} from "./text/markdown.ts";
export {
  renderMarkdownIRChunksWithinLimit,
  renderMarkdownWithAttributedRanges,
  sliceMarkdownIR,
} from "./text/markdown-parts.ts";
export { chunkTextRanges, type TextChunkRange } from "./text/ranges.ts";
export {
  findCodeRegions,
  isInsideCode,
  sanitizeAssistantVisibleText,
  sanitizeAssistantVisibleTextWithProfile,
  sanitizeTerminalText,
  stripInlineDirectiveTagsForDelivery,
  stripInlineDirectiveTagsForDisplay,
  stripReasoningTagsFromText,
  stripToolCallXmlTags,
} from "./text/visible-text.ts";
