export {
  createChannelApprovalAuth,
  createResolvedApproverActionAuthAdapter,
  resolveApprovalApprovers,
} from "./approvals/approver-auth.ts";
export {
  isImplicitSameChatApprovalAuthorization,
  markImplicitSameChatApprovalAuthorization,
} from "./approvals/implicit.ts";
