export {
  buildMentionRegexes,
  implicitMentionKindWhen,
  matchesMentionPatterns,
  matchesMentionWithExplicit,
  resolveInboundMentionDecision,
} from "../channels/access/mentions.ts";
export { resolveInboundDebounceMs } from "../channels/inbound/debouncer.ts";
export { finalizeInboundContext } from "../channels/runtime/context.ts";
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
  buildChannelInboundMediaPayload,
  formatInboundMediaUnavailableText,
  formatLocationText,
  formatMediaPlaceholderText,
  toInboundMediaFacts,
  toInboundMediaFactsWithMetadata,
  toLocationContext,
} from "./inbound/media.ts";
export {
  buildChannelInboundEventContext,
  dispatchChannelInboundTurn,
  runChannelInboundEvent,
} from "./inbound/runtime-calls.ts";
export {
  hasFinalInboundReplyDispatch,
  hasVisibleInboundReplyDispatch,
  logInboundDrop,
  resolveInboundReplyDispatchCounts,
  resolveInboundSupplementalSenderAllowed,
  shouldDebounceTextInbound,
} from "./inbound/turn.ts";
export {
  createAcceptedChannelDeliveryResult,
  createChannelPartialDeliveryError,
  isChannelPartialDeliveryError,
} from "./outbound/receipts.ts";
export { createDirectDmPreCryptoGuardPolicy } from "./policy/direct-dm-guard.ts";
