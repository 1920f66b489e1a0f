import { approvalRef } from "../runtime/workflow/index.ts";

/** A short name of an approval, for buttons whose data has little room; the gateway takes it in place of the id. */
export function buildApprovalResolutionRef(params: { approvalId: string; approvalKind?: string }): string {
  return approvalRef(params.approvalId);
}
