import type { ChannelConfig } from "../../contracts/channel.ts";
import type { SdkApprovalResolution } from "../../contracts/sdk-conversations.ts";
import { requireServices } from "../ambient/host.ts";
import type { ApprovalDecision } from "./decisions.ts";
import type { ApprovalKind } from "./types.ts";

export type ApprovalResolution = SdkApprovalResolution;

/**
 * Decides an approval for somebody in a chat. The first decision counts; later ones are told what it was.
 *
 * @throws SluiceError `INVALID_REQUEST`: there is no such approval (`details.reason` is `APPROVAL_NOT_FOUND`), or
 *   it does not offer the decision
 */
export async function resolveApprovalOverGateway(params: {
  cfg?: ChannelConfig;
  /** The id, the beginning of it, or a reference. */
  approvalId: string;
  approvalKind?: ApprovalKind;
  decision: ApprovalDecision;
  channel?: string;
  accountId?: string | null;
  senderId?: string | null;
  gatewayUrl?: string;
  [extra: string]: unknown;
}): Promise<ApprovalResolution> {
  const { approvalId, decision, senderId, approvalKind } = params;
  return requireServices("resolveApprovalOverGateway").conversations.resolveApproval({
    approvalId,
    decision,
    ...(approvalKind === undefined ? {} : { approvalKind }),
    ...(senderId ? { senderId } : {}),
  });
}
