export { buildAgentMediaPayload as buildMediaPayload } from "./inbound/media.ts";
export {
  sendPayloadMediaSequence,
  sendPayloadMediaSequenceAndFinalize,
  sendPayloadMediaSequenceOrFallback,
  sendPayloadWithChunkedTextAndMedia,
} from "./replies/media-sequences.ts";
export {
  buildTtsSupplementMediaPayload,
  countOutboundMedia,
  deliverFormattedTextWithAttachments,
  deliverTextOrMediaReply,
  formatTextWithAttachmentLinks,
  getReplyPayloadTtsSupplement,
  hasOutboundMedia,
  hasOutboundReplyContent,
  hasOutboundText,
  isNumericTargetId,
  isReasoningReplyPayload,
  isReplyPayloadNonTerminalToolErrorWarning,
  resolveAskUserQuestionOptionIndex,
  resolveAskUserQuestionOptionIndices,
  resolveOutboundMediaUrls,
  resolvePayloadMediaUrls,
  resolveSendableOutboundReplyParts,
  resolveTextChunksWithFallback,
  sendMediaWithLeadingCaption,
  sendTextMediaPayload,
} from "./replies/payloads.ts";
