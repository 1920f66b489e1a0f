/** What an approval may end with. */
export type ApprovalDecision = "allow-once" | "allow-always" | "deny";
/** Kinds that a chat may decide. */
export type DecidableKind = "exec" | "plugin";

export const APPROVAL_DECISIONS: readonly ApprovalDecision[] = ["allow-once", "allow-always", "deny"];

const LABELS: Record<ApprovalDecision, string> = {
  "allow-once": "Allow once",
  "allow-always": "Allow always",
  deny: "Deny",
};
const ENDED: Record<ApprovalDecision, string> = {
  "allow-once": "Allowed once",
  "allow-always": "Allowed always",
  deny: "Denied",
};

export function isApprovalDecision(value: unknown): value is ApprovalDecision {
  return APPROVAL_DECISIONS.some((decision) => decision === value);
}

export function isDecidableKind(value: unknown): value is DecidableKind {
  return value === "exec" || value === "plugin";
}

/** A list that holds decisions only; `null` for anything else. */
export function readDecisions(list: unknown): ApprovalDecision[] | null {
  return Array.isArray(list) && list.every(isApprovalDecision) ? [...list] : null;
}

export function decisionLabel(decision: ApprovalDecision): string {
  return LABELS[decision];
}

export function endedLabel(decision: string | null | undefined): string {
  return isApprovalDecision(decision) ? ENDED[decision] : "Resolved";
}
