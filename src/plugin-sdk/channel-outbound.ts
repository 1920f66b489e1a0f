export * from "./channel-lifecycle.ts";
export { logTypingFailure } from "./inbound/turn.ts";
export {
  DEFAULT_INGRESS_ADOPTION_STALL_MS,
  DEFAULT_INGRESS_RETRY_MAX_ATTEMPTS,
} from "./ingress/claimed-events.ts";
export { bindIngressLifecycleToReplyOptions, createChannelIngressError } from "./ingress/lifecycle.ts";
export { createChannelIngressMonitor } from "./ingress/monitor.ts";
export { deriveDurableFinalDeliveryRequirements } from "./outbound/delivery-requirements.ts";
export { isRecentOutboundMessageIdentity, recordOutboundMessageIdentity } from "./outbound/echo-guard.ts";
export { resolveTranscriptBackedChannelFinalText } from "./outbound/final-text.ts";
export { buildOutboundSessionContext, resolveAgentOutboundIdentity } from "./outbound/identity.ts";
export {
  createChannelMessageAdapterFromOutbound,
  createReplyToFanout,
  createRuntimeOutboundDelegates,
  defineChannelMessageAdapter,
  resolveOutboundSendDep,
} from "./outbound/message-adapter.ts";
export { sendDurableMessageBatch } from "./outbound/message-batch.ts";
export {
  createMessageReceiptFromOutboundResults,
  createPreviewMessageReceipt,
  listMessageReceiptPlatformIds,
  resolveMessageReceiptPrimaryId,
} from "./outbound/receipts.ts";
export {
  createChannelReplyPipeline as createChannelMessageReplyPipeline,
  createReplyPrefixContext,
  createReplyPrefixOptions,
  createTypingCallbacks,
} from "./outbound/reply-pipeline.ts";
export { createChannelRunQueue } from "./outbound/run-queue.ts";
export {
  resolveChannelDraftStreamingChunking,
  resolveChannelMessageSourceReplyDeliveryMode,
  resolveChannelPreviewStreamMode,
  resolveChannelStreamingBlockCoalesce,
  resolveChannelStreamingBlockEnabled,
  resolveChannelStreamingChunkMode,
  resolveChannelStreamingPreviewCommandText,
  resolveChannelStreamingPreviewToolProgress,
  resolveChannelStreamingProgressNarration,
  resolveChannelStreamingSuppressDefaultToolProgressMessages,
} from "./outbound/streaming-settings.ts";
export { createDraftStreamLoop, createFinalizableDraftLifecycle } from "./previews/draft-lifecycle.ts";
export {
  defineFinalizableLivePreviewAdapter,
  deliverWithFinalizableLivePreviewAdapter,
} from "./previews/live-preview.ts";
export { createLivePreviewLifecycle } from "./previews/preview-lifecycle.ts";
export {
  buildChannelProgressDraftLineForEntry,
  buildProgressLine as buildChannelProgressDraftLine,
  createChannelProgressDraftCompositor,
  formatChannelProgressDraftLineForEntry,
} from "./previews/progress-draft.ts";
export {
  createChannelProgressDraftGate,
  mergeChannelProgressDraftLine,
  normalizeChannelProgressDraftLineIdentity,
} from "./previews/progress-gate.ts";
export {
  createChannelProgressWorkCounter,
  formatChannelProgressDraftDiffStat,
  formatChannelProgressDraftText,
  formatPlanChecklistLines,
  isChannelProgressDraftWorkToolName,
  normalizeAgentPlanSteps,
  resolveChannelProgressDraftConfig,
  resolveChannelProgressDraftMaxLineChars,
  resolveChannelProgressDraftMaxLines,
} from "./previews/progress-text.ts";
export { sanitizeForPlainText } from "./text/markdown.ts";
