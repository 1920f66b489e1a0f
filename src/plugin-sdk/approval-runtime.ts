export { createNativeApprovalControlRegistry } from "./approvals/control-registry.ts";
