export {
  createNativeApprovalChannelRouteGates,
  createNativeApprovalForwardingFallbackSuppressor,
} from "./approvals/route-gates.ts";
export {
  buildChannelApprovalNativeTargetKey,
  createChannelApproverDmTargetResolver,
  createChannelNativeOriginTargetResolver,
  createNativeApprovalMessagingTargetResolvers,
} from "./approvals/targets.ts";
