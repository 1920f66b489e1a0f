import type { ChannelConfig } from "../../contracts/channel.ts";
import { errorMessage } from "../../kernel/errors.ts";
import type { ApprovalDecision } from "./decisions.ts";
import type { ApprovalResolution } from "./gateway.ts";
import type { ApprovalKind } from "./types.ts";

export interface ApprovalReactionRequest {
  cfg: ChannelConfig;
  approvalId: string;
  approvalKind: ApprovalKind;
  decision: ApprovalDecision;
  channel: string;
  accountId?: string | null;
  senderId?: string | null;
  gatewayUrl?: string;
}

/**
 * Decides an approval because somebody reacted to its message. Only approvers do; without any nobody does. The
 * message is let go once the approval has ended, whoever ended it.
 */
export async function settleApprovalReaction(params: {
  request: ApprovalReactionRequest;
  approvers: readonly string[];
  authorizeActorAction(input: {
    cfg: ChannelConfig;
    accountId?: string | null;
    senderId?: string | null;
    action: "approve";
    approvalKind: ApprovalKind;
  }): { authorized: boolean; reason?: string };
  loadResolver(): Promise<(request: ApprovalReactionRequest) => Promise<ApprovalResolution>>;
  clearTarget(): unknown;
  onResolved?(resolution: ApprovalResolution): unknown;
  logVerboseMessage?(message: string): void;
}): Promise<void> {
  const { request, approvers, logVerboseMessage } = params;
  const { cfg, accountId, senderId, approvalId, approvalKind, channel } = request;
  const ignored = (why: string) =>
    logVerboseMessage?.(`${channel}: approval reaction ignored for ${approvalId}; ${why}`);
  if (approvers.length === 0) return ignored("there are no approvers");
  const verdict = params.authorizeActorAction({
    cfg,
    action: "approve",
    approvalKind,
    ...(accountId === undefined ? {} : { accountId }),
    ...(senderId === undefined ? {} : { senderId }),
  });
  if (!verdict.authorized) return ignored(verdict.reason ?? "the sender may not approve");
  try {
    const resolve = await params.loadResolver();
    const resolution = await resolve(request);
    await params.clearTarget();
    await params.onResolved?.(resolution);
  } catch (error) {
    if (isApprovalNotFound(error)) await params.clearTarget();
    ignored(errorMessage(error));
  }
}

/** The approval ended long ago, or never was. */
function isApprovalNotFound(error: unknown): boolean {
  const { code, details } = (error ?? {}) as { code?: unknown; details?: { reason?: unknown } };
  return code === "APPROVAL_NOT_FOUND" || details?.reason === "APPROVAL_NOT_FOUND";
}
