import type { ApprovalDecision, ToolApprovalRequest } from "../../contracts/hooks.ts";
import { truncateUtf16Safe } from "../../kernel/cut-text.ts";
import { SluiceError } from "../../kernel/errors.ts";
import type { ApprovalRecord } from "../../store/procedures/approvals.ts";
import { approvalScope } from "./approval-scope.ts";
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
const SEVERITIES: readonly string[] = ["info", "warning", "critical"];

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
  const { allowedDecisions, severity = "" } = approval;
  const offered = Array.isArray(allowedDecisions)
    ? DECISIONS.filter((one) => allowedDecisions.includes(one))
    : [];
  const scope = approvalScope(approval.scope);
  return {
    ...call,
    pluginId: approval.pluginId ?? "",
    title: truncateUtf16Safe(
      textOf(approval.title) ?? `Call ${call.toolName ?? "the tool"}?`,
      MAX_APPROVAL_TITLE,
    ),
    description: truncateUtf16Safe(textOf(approval.description) ?? "", MAX_APPROVAL_DESCRIPTION),
    severity: SEVERITIES.includes(severity) ? severity : "warning",
    allowedDecisions: offered.length > 0 ? offered : DECISIONS,
    ...(scope ? { scope } : {}),
  };
}

/** What a plugin wrote; plugins in JavaScript may leave it out. */
function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value : undefined;
}

export function unknownApproval(message = "approval expired or not found"): SluiceError<"INVALID_REQUEST"> {
  return new SluiceError("INVALID_REQUEST", message, {
    details: { reason: "APPROVAL_NOT_FOUND" },
  });
}
