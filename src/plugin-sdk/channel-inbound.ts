export {
  buildMentionRegexes,
  implicitMentionKindWhen,
  matchesMentionPatterns,
  matchesMentionWithExplicit,
  normalizeMentionText,
  resolveInboundMentionDecision,
} from "../channels/access/mentions.ts";
export { resolveInboundDebounceMs } from "../channels/inbound/debouncer.ts";
export { finalizeInboundContext } from "../channels/runtime/context.ts";
export { recordChannelBotPairLoopAndCheckSuppression } from "./inbound/bot-pair-loop.ts";
export { createChannelInboundDebouncer } from "./inbound/debounce.ts";
export { dispatchInboundDirectDm } from "./inbound/direct-dm.ts";
export {
  createChannelInboundEnvelopeBuilder,
  formatAgentEnvelope,
  formatInboundEnvelope,
  formatInboundFromLabel,
  resolveChannelInboundRouteEnvelope,
  resolveEnvelopeFormatOptions,
  resolveInboundSessionEnvelopeContext,
} from "./inbound/envelope.ts";
export {
  classifyChannelInboundEvent,
  createCommandTurnContext,
  filterChannelInboundQuoteContext,
  resolveUnmentionedGroupInboundPolicy,
} from "./inbound/event-kind.ts";
export {
  getGroupThreadDeliverySession,
  isGroupThreadRouteExclusive,
  resolveGroupThreadConfig,
  resolveGroupThreadMentionFacts,
  runGroupThread,
} from "./inbound/group-thread.ts";
export {
  buildChannelInboundMediaPayload,
  formatInboundMediaUnavailableText,
  formatLocationText,
  formatMediaPlaceholderText,
  toHistoryMediaEntries,
  toInboundMediaFacts,
  toInboundMediaFactsWithMetadata,
  toLocationContext,
} from "./inbound/media.ts";
export {
  buildChannelInboundEventContext,
  dispatchChannelInboundReply,
  dispatchChannelInboundTurn,
  runChannelInboundEvent,
} from "./inbound/runtime-calls.ts";
export {
  hasFinalInboundReplyDispatch,
  hasVisibleInboundReplyDispatch,
  logInboundDrop,
  readAgentRunTerminalOutcome,
  resolveInboundReplyDispatchCounts,
  resolveInboundSupplementalSenderAllowed,
  shouldDebounceTextInbound,
} from "./inbound/turn.ts";
export { mergeInboundPathRoots } from "./media/inbound-roots.ts";
export {
  createAcceptedChannelDeliveryResult,
  createChannelPartialDeliveryError,
  isChannelPartialDeliveryError,
} from "./outbound/receipts.ts";
export { createDirectDmPreCryptoGuardPolicy } from "./policy/direct-dm-guard.ts";
export { dispatchReplyFromConfigWithSettledDispatcher } from "./replies/ambient-dispatch.ts";
