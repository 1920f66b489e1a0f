export {
  adaptMessagePresentationForChannel,
  legacyInteractiveReplyToPresentation,
  normalizeLegacyInteractiveReply,
  renderPresentationForDelivery,
  resolveLegacyInteractiveTextFallback,
} from "./interactive/adapt-presentation.ts";
export {
  hasMessagePresentationBlocks,
  isMessagePresentationInteractiveBlock,
  normalizeMessagePresentation,
  renderMessagePresentationChartFallbackText,
  renderMessagePresentationFallbackText,
  renderMessagePresentationTableFallbackText,
  resolveMessagePresentationActionValue,
  resolveMessagePresentationButtonAction,
  resolveMessagePresentationControlValue,
  resolveMessagePresentationOptionAction,
} from "./interactive/presentation.ts";
