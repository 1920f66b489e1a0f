import { createHash } from "node:crypto";

const PREFIX = "apr1.";
const LENGTH = 22;

/** A short name of an approval, for buttons whose data has little room; the gateway takes it in place of the id. */
export function approvalRef(approvalId: string): string {
  return PREFIX + createHash("sha256").update(approvalId).digest("base64url").slice(0, LENGTH);
}

export function isApprovalRef(text: string): boolean {
  return text.startsWith(PREFIX) && text.length === PREFIX.length + LENGTH;
}
