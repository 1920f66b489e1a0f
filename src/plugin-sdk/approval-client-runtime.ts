export {
  createChannelExecApprovalProfile,
  isChannelExecApprovalClientEnabledFromConfig,
  matchesApprovalRequestFilters,
} from "./approvals/profile.ts";
export { getExecApprovalReplyMetadata } from "./approvals/replies.ts";
export { isChannelExecApprovalTargetRecipient } from "./approvals/selection.ts";
