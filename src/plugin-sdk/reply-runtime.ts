export { finalizeInboundContext } from "../channels/runtime/context.ts";
export { chunkText, chunkTextWithMode } from "../channels/text/chunking.ts";
export { isSilentText as isSilentReplyText } from "../channels/text/directives.ts";
export { chunkMarkdownText, chunkMarkdownTextWithMode } from "../channels/text/markdown-chunking.ts";
export {
  createReplyDispatcherWithTyping,
  dispatchInboundMessage,
  dispatchReplyWithBufferedBlockDispatcher,
  dispatchReplyWithDispatcher,
  getReplyFromConfig,
  settleReplyDispatcher,
} from "./replies/ambient-dispatch.ts";
export { HEARTBEAT_PROMPT, HEARTBEAT_TOKEN, stripHeartbeatToken } from "./replies/heartbeat-texts.ts";
export { createReplyReferencePlanner } from "./replies/reply-references.ts";
export { isAbortRequestText, isBtwRequestText } from "./replies/request-texts.ts";
export { resolveChunkMode, resolveTextChunkLimit, SILENT_REPLY_TOKEN } from "./reply-chunking.ts";
