export { convertMarkdownTables } from "../channels/text/tables.ts";
export { chunkItems, chunkTextForOutbound } from "./text/chunks.ts";
export {
  FormatCapabilityProfile,
  markdownToIR,
  markdownToIRWithMeta,
  renderMarkdownWithMarkers,
  stripMarkdown,
} from "./text/markdown.ts";
export {
  findCodeRegions,
  isInsideCode,
  sanitizeAssistantVisibleText,
  sanitizeAssistantVisibleTextWithProfile,
  sanitizeTerminalText,
  stripInlineDirectiveTagsForDisplay,
  stripReasoningTagsFromText,
  stripToolCallXmlTags,
} from "./text/visible-text.ts";
