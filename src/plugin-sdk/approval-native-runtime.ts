export {
  createNativeApprovalChannelRouteGates,
  createNativeApprovalForwardingFallbackSuppressor,
} from "./approvals/route-gates.ts";
export {
  doesApprovalRequestSelectChannelAccount,
  resolveApprovalKind,
  resolveApprovalRequestChannelAccountId,
  resolveApprovalRequestSessionConversation,
  shouldSuppressLocalNativeExecApprovalPrompt,
} from "./approvals/selection.ts";
export {
  buildChannelApprovalNativeTargetKey,
  createChannelApproverDmTargetResolver,
  createChannelNativeOriginTargetResolver,
  createNativeApprovalMessagingTargetResolvers,
} from "./approvals/targets.ts";
