export {
  CHANNEL_APPROVAL_NATIVE_RUNTIME_CONTEXT_CAPABILITY,
  createChannelApprovalNativeRuntimeAdapter,
  createLazyChannelApprovalNativeRuntimeAdapter,
} from "./approvals/native-runtime.ts";
