export {
  createChannelApprovalAuth,
  createResolvedApproverActionAuthAdapter,
  resolveApprovalApprovers,
} from "./approvals/approver-auth.ts";
