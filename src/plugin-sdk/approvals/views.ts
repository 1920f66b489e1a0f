import { type ApprovalDecision, endedLabel, isApprovalDecision } from "./decisions.ts";
import { addApprovalReactionHintToText } from "./reaction-bindings.ts";
import {
  type ApprovalReplyPayload,
  buildApprovalPendingReplyPayload,
  offeredBy,
  pendingText,
} from "./replies.ts";
import { type ApprovalKind, type ApprovalRequest, approvalKindOf } from "./types.ts";

/** An approval prepared for people: what channels draw. */
export interface ApprovalView {
  approvalId: string;
  approvalKind: ApprovalKind;
  decision?: ApprovalDecision | string | null;
  resolvedBy?: string | null;
  actions?: readonly { decision: ApprovalDecision }[];
  [field: string]: unknown;
}

interface ReactionContent {
  /** With the reactions that decide, for accounts where reactions work. */
  reactionPayload: ApprovalReplyPayload & { allowedDecisions: ApprovalDecision[] };
  /** With the command to type. */
  manualFallbackPayload: ApprovalReplyPayload;
}

/** A waiting approval for channels where people answer by reactions. */
export function buildApprovalReactionPendingContent(params: {
  request: ApprovalRequest;
  view?: ApprovalView;
  nowMs: number;
}): ReactionContent {
  const { request, view, nowMs } = params;
  const approvalKind = view?.approvalKind ?? approvalKindOf({ request });
  const offered = view?.actions?.map(({ decision }) => decision).filter(isApprovalDecision);
  const allowedDecisions = offered && offered.length > 0 ? offered : offeredBy(request);
  const manualFallbackPayload = buildApprovalPendingReplyPayload({
    approvalKind,
    approvalId: request.id,
    text: pendingText(approvalKind, request, nowMs, allowedDecisions),
    allowedDecisions,
    agentId: request.request.agentId ?? null,
    sessionKey: request.request.sessionKey ?? null,
  });
  const text = addApprovalReactionHintToText({ text: manualFallbackPayload.text, allowedDecisions });
  return { manualFallbackPayload, reactionPayload: { ...manualFallbackPayload, text, allowedDecisions } };
}

export function buildApprovalReactionPendingContentForRequest(params: {
  request: ApprovalRequest;
  nowMs: number;
}): ReactionContent {
  return buildApprovalReactionPendingContent(params);
}

export function buildApprovalReactionPromptPayloadForRequest(params: {
  request: ApprovalRequest;
  nowMs: number;
}): ReactionContent["reactionPayload"] {
  return buildApprovalReactionPendingContent(params).reactionPayload;
}

/** How an approval ended, in a word or two. */
export function formatChannelApprovalResolvedLabel(
  view: { decision?: string | null },
  format?: (decision: ApprovalDecision) => string,
): string {
  const { decision } = view;
  return format && isApprovalDecision(decision) ? format(decision) : endedLabel(decision);
}

export function buildChannelApprovalResolvedText(params: {
  request: ApprovalRequest;
  resolved?: { decision?: string | null; resolvedBy?: string | null };
  view?: ApprovalView;
}): string {
  const { request, resolved, view } = params;
  const decision = resolved?.decision ?? view?.decision;
  const by = resolved?.resolvedBy ?? view?.resolvedBy;
  return `${titleOf(params)}: ${endedLabel(decision)}${by ? ` by ${by}` : ""}\nID: ${request.id}`;
}

export function buildChannelApprovalExpiredText(params: {
  request: ApprovalRequest;
  view?: ApprovalView;
}): string {
  return `${titleOf(params)}: Expired\nID: ${params.request.id}`;
}

function titleOf({ request, view }: { request: ApprovalRequest; view?: ApprovalView }): string {
  const kind = view?.approvalKind ?? approvalKindOf({ request });
  return kind === "plugin" ? "Plugin approval" : kind === "exec" ? "Exec approval" : "Change approval";
}
