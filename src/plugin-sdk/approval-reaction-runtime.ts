export {
  addApprovalReactionHintToText,
  approvalReactionDecisionSetsMatch,
  buildApprovalReactionDeliveredBindingMarker,
  buildApprovalReactionHint,
  hasApprovalReactionHintText,
  listApprovalReactionBindings,
  normalizeApprovalReactionDecision,
  readApprovalReactionDecisionList,
  readApprovalReactionDeliveredBinding,
  readApprovalReactionPresentationBinding,
  readApprovalReactionTargetRecord,
  resolveTypedApprovalReactionTarget,
} from "./approvals/reaction-bindings.ts";
export { settleApprovalReaction } from "./approvals/reaction-settlement.ts";
export { createApprovalReactionTargetStore } from "./approvals/reaction-store.ts";
export {
  buildApprovalReactionPendingContent,
  buildApprovalReactionPendingContentForRequest,
  buildApprovalReactionPromptPayloadForRequest,
} from "./approvals/views.ts";
