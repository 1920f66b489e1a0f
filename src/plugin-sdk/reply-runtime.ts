export { finalizeInboundContext } from "../channels/runtime/context.ts";
export { chunkText, chunkTextWithMode } from "../channels/text/chunking.ts";
export { isSilentText as isSilentReplyText } from "../channels/text/directives.ts";
export { chunkMarkdownText, chunkMarkdownTextWithMode } from "../channels/text/markdown-chunking.ts";
export { isAbortRequestText, isBtwRequestText } from "./replies/request-texts.ts";
export { resolveChunkMode, resolveTextChunkLimit } from "./reply-chunking.ts";

/** What a model answers when it has nothing to say. */
export const SILENT_REPLY_TOKEN = "NO_REPLY";
