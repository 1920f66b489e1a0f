export {
  adaptMessagePresentationForChannel,
  legacyInteractiveReplyToPresentation as interactiveReplyToPresentation,
  legacyInteractiveReplyToPresentation,
  normalizeLegacyInteractiveReply as normalizeInteractiveReply,
  normalizeLegacyInteractiveReply,
  reduceInteractiveReply,
  renderPresentationForDelivery,
  resolveLegacyInteractiveTextFallback as resolveInteractiveTextFallback,
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
