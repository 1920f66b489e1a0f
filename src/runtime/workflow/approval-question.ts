import type { ApprovalDecision, ToolApprovalRequest } from "../../contracts/hooks.ts";
import { SluiceError } from "../../kernel/errors.ts";
import type { ApprovalRecord } from "../../store/procedures/approvals.ts";
import type { ShownTool } from "./tool-metadata.ts";

/** `null`: nobody decided, see `terminalReason`. */
export interface ApprovalOutcome {
  id: string;
  decision: ApprovalDecision | null;
  createdAtMs: number;
  expiresAtMs: number;
  resolvedBy?: string;
  terminalReason?: "timeout" | "cancelled" | "no-approval-route";
}

export const MAX_APPROVAL_TITLE = 80;
export const MAX_APPROVAL_DESCRIPTION = 512;
/** Longest serialised `scope` that is shown. */
const MAX_SCOPE = 2_000;

export const DECISIONS: readonly ApprovalDecision[] = ["allow-once", "allow-always", "deny"];

/** What an operator is shown. */
export interface ApprovalQuestion {
  pluginId: string;
  title: string;
  description?: string;
  severity?: string;
  toolName?: string;
  toolCallId?: string;
  /** How the tool's own plugin describes it. */
  tool?: ShownTool;
  agentId?: string;
  sessionKey?: string;
  runId?: string;
  scope?: unknown;
  allowedDecisions: readonly ApprovalDecision[];
  /** The chat whose message led to the question; it is shown there too. */
  turnSourceChannel?: string;
  turnSourceAccountId?: string;
  turnSourceTo?: string;
  turnSourceThreadId?: string;
}

/** The call that asks. */
export interface ToolCallQuestion
  extends Pick<
    ApprovalQuestion,
    | "toolName"
    | "toolCallId"
    | "tool"
    | "agentId"
    | "sessionKey"
    | "runId"
    | "turnSourceChannel"
    | "turnSourceAccountId"
    | "turnSourceTo"
    | "turnSourceThreadId"
  > {
  /** The same for a call when its turn starts again; without it the question is put anew. */
  callKey?: string;
  /** Somebody is known to be there, or to come back; absent: it is found out. */
  routed?: boolean;
  /** What the call was asked to run with. */
  params: unknown;
}

export interface OpenApproval {
  id: string;
  request: ApprovalQuestion;
  createdAtMs: number;
  expiresAtMs: number;
}

export function openOf(record: ApprovalRecord): OpenApproval {
  return {
    id: record.id,
    request: record.request as ApprovalQuestion,
    createdAtMs: record.createdAt,
    expiresAtMs: record.expiresAt,
  };
}

const TERMINAL_REASON = {
  expired: "timeout",
  cancelled: "cancelled",
  refused: "no-approval-route",
} as const;

export function outcomeOf(record: ApprovalRecord): ApprovalOutcome {
  const { id, status, decision, resolvedBy, createdAt, expiresAt } = record;
  return {
    id,
    decision: decision ?? null,
    createdAtMs: createdAt,
    expiresAtMs: expiresAt,
    ...(resolvedBy === undefined ? {} : { resolvedBy }),
    ...(status === "decided" || status === "pending" ? {} : { terminalReason: TERMINAL_REASON[status] }),
  };
}

export function questionOf(
  approval: ToolApprovalRequest,
  { callKey: _key, params: _params, routed: _routed, ...call }: ToolCallQuestion,
): ApprovalQuestion {
  const offered = approval.allowedDecisions?.filter((decision) => DECISIONS.includes(decision));
  return {
    ...call,
    pluginId: approval.pluginId ?? "",
    title: String(approval.title).slice(0, MAX_APPROVAL_TITLE),
    description: String(approval.description ?? "").slice(0, MAX_APPROVAL_DESCRIPTION),
    severity: approval.severity ?? "warning",
    allowedDecisions: offered?.length ? offered : DECISIONS,
    ...(isScope(approval.scope) ? { scope: approval.scope } : {}),
  };
}

/** What a scope may describe; anything else is left out rather than shown. */
function isScope(scope: unknown): boolean {
  if (typeof scope !== "object" || scope === null) return false;
  const { kind } = scope as { kind?: unknown };
  return (
    ["message-send", "payment", "external-post"].includes(String(kind)) &&
    JSON.stringify(scope).length < MAX_SCOPE
  );
}

export function unknownApproval(message = "approval expired or not found"): SluiceError<"INVALID_REQUEST"> {
  return new SluiceError("INVALID_REQUEST", message, {
    details: { reason: "APPROVAL_NOT_FOUND" },
  });
}
