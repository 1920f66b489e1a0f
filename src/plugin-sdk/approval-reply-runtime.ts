import { readApproveCommand } from "../channels/inbound/approve-command.ts";

export {
  buildApprovalPresentationFromActionDescriptors,
  buildExecApprovalPendingReplyPayload,
  buildExecApprovalPendingReplyPayload as buildTypedExecApprovalPendingReplyPayload,
  buildPluginApprovalPendingReplyPayload,
  buildPluginApprovalPendingReplyPayload as buildTypedPluginApprovalPendingReplyPayload,
  buildTypedApprovalPresentation,
  getExecApprovalReplyMetadata,
} from "./approvals/replies.ts";

/** Reads `/approve <id> <decision>`; `null` for anything else. */
export function parseExecApprovalCommandText(
  text: string | undefined | null,
): { approvalId: string; decision: "allow-once" | "allow-always" | "deny" } | null {
  const command = readApproveCommand(text ?? undefined);
  return command ? { approvalId: command.id, decision: command.decision } : null;
}
