export { bindIngressLifecycleToReplyOptions, createChannelIngressError } from "./ingress/lifecycle.ts";
export {
  createChannelIngressMonitor,
  DEFAULT_INGRESS_ADOPTION_STALL_MS,
  DEFAULT_INGRESS_RETRY_MAX_ATTEMPTS,
} from "./ingress/monitor.ts";
export {
  createAccountStatusSink,
  keepHttpServerTaskAlive,
  runPassiveAccountLifecycle,
  waitUntilAbort,
} from "./outbound/account-lifecycle.ts";
export {
  createChannelMessageAdapterFromOutbound,
  createReplyToFanout,
  createRuntimeOutboundDelegates,
  defineChannelMessageAdapter,
  resolveOutboundSendDep,
} from "./outbound/message-adapter.ts";
export {
  createMessageReceiptFromOutboundResults,
  listMessageReceiptPlatformIds,
  resolveMessageReceiptPrimaryId,
} from "./outbound/receipts.ts";
export {
  createChannelReplyPipeline as createChannelMessageReplyPipeline,
  createReplyPrefixContext,
  createReplyPrefixOptions,
  createTypingCallbacks,
} from "./outbound/reply-pipeline.ts";
export {
  resolveChannelMessageSourceReplyDeliveryMode,
  resolveChannelPreviewStreamMode,
  resolveChannelStreamingBlockCoalesce,
  resolveChannelStreamingBlockEnabled,
  resolveChannelStreamingChunkMode,
  resolveChannelStreamingPreviewToolProgress,
} from "./outbound/streaming-settings.ts";
export { createFinalizableDraftLifecycle } from "./previews/draft-lifecycle.ts";
export {
  defineFinalizableLivePreviewAdapter,
  deliverWithFinalizableLivePreviewAdapter,
} from "./previews/live-preview.ts";
export {
  buildChannelProgressDraftLineForEntry,
  buildProgressLine as buildChannelProgressDraftLine,
  createChannelProgressDraftCompositor,
} from "./previews/progress-draft.ts";
export { sanitizeForPlainText } from "./text/markdown.ts";
