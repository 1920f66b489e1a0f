export {
  CHANNEL_APPROVAL_NATIVE_RUNTIME_CONTEXT_CAPABILITY,
  createChannelApprovalNativeRuntimeAdapter,
  createLazyChannelApprovalNativeRuntimeAdapter,
} from "./approvals/native-runtime.ts";
export { resolvePreparedApprovalAccountId } from "./approvals/selection.ts";
export { buildChannelApprovalExpiredText, buildChannelApprovalResolvedText } from "./approvals/views.ts";
