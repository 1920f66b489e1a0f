export {
  createApproverRestrictedNativeApprovalCapability,
  createApproverRestrictedNativeApprovalCapabilityFromForwardingRoutes,
  createChannelApprovalCapability,
  splitChannelApprovalCapability,
} from "./approvals/capability.ts";
