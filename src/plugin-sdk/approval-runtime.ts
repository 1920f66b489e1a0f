export { createNativeApprovalControlRegistry } from "./approvals/control-registry.ts";
export { endedLabel as formatApprovalDecisionLabel } from "./approvals/decisions.ts";
export {
  buildApprovalPendingReplyPayload,
  buildPluginApprovalResolvedReplyPayload,
  resolveExecApprovalCommandDisplay,
  resolveExecApprovalRequestAllowedDecisions,
} from "./approvals/replies.ts";
export { formatChannelApprovalResolvedLabel } from "./approvals/views.ts";
