export { logAckFailure, logTypingFailure } from "./inbound/turn.ts";
export {
  createAckReactionHandle,
  missingTargetError,
  removeAckReactionAfterReply,
  removeAckReactionHandleAfterReply,
  resolveAckReaction,
  shouldAckReaction,
} from "./replies/acknowledgement.ts";
export {
  createStatusReactionController,
  DEFAULT_EMOJIS,
  DEFAULT_TIMING,
} from "./replies/status-reactions.ts";
