export { resolveApprovalOverGateway } from "./approvals/gateway.ts";
