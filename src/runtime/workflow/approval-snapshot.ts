import type { ApprovalRecord } from "../../store/procedures/approvals.ts";
import type { ApprovalQuestion } from "./approval-question.ts";

/** An approval as clients read it, pending or ended (protocol, appendix A). */
export interface ApprovalSnapshot {
  id: string;
  /** Where the control page shows it. */
  urlPath: string;
  createdAtMs: number;
  expiresAtMs: number;
  presentation: Record<string, unknown>;
  status: "pending" | "allowed" | "denied" | "expired" | "cancelled";
  decision?: "allow-once" | "allow-always" | "deny";
  reason?: string;
  resolvedAtMs?: number;
  source?: { agentId?: string; sessionKey?: string };
  sourceSessionKey?: string;
  resolver?: { kind: string; id?: string };
}

export function snapshotOf(record: ApprovalRecord): ApprovalSnapshot {
  const request = record.request as ApprovalQuestion;
  const { agentId, sessionKey } = request;
  const facts = {
    id: record.id,
    urlPath: `/approve/${encodeURIComponent(record.id)}`,
    createdAtMs: record.createdAt,
    expiresAtMs: record.expiresAt,
    presentation: presentationOf(request),
  };
  if (record.status === "pending") {
    return { ...facts, status: "pending", ...(sessionKey ? { sourceSessionKey: sessionKey } : {}) };
  }
  const source = { ...(agentId ? { agentId } : {}), ...(sessionKey ? { sessionKey } : {}) };
  return {
    ...facts,
    ...endOf(record),
    resolvedAtMs: record.settledAt ?? record.expiresAt,
    ...(Object.keys(source).length > 0 ? { source } : {}),
    ...(record.resolverKind === undefined
      ? {}
      : {
          resolver: {
            kind: record.resolverKind,
            ...(record.resolvedBy === undefined ? {} : { id: record.resolvedBy }),
          },
        }),
  };
}

function endOf({
  status,
  decision,
}: ApprovalRecord): Pick<ApprovalSnapshot, "status" | "decision" | "reason"> {
  if (status === "expired") return { status: "expired", reason: "timeout" };
  if (status === "cancelled") return { status: "cancelled", reason: "run-aborted" };
  if (status === "refused") return { status: "denied", decision: "deny", reason: "no-route" };
  return decision === "deny" || decision === undefined
    ? { status: "denied", decision: "deny", reason: "user" }
    : { status: "allowed", decision, reason: "user" };
}

function presentationOf(request: ApprovalQuestion): Record<string, unknown> {
  const { title, description, severity, pluginId, toolName, agentId, scope, allowedDecisions } = request;
  return {
    kind: "plugin",
    title,
    description: description ?? "",
    severity: severity ?? "warning",
    ...(pluginId ? { pluginId } : {}),
    ...(toolName ? { toolName } : {}),
    ...(agentId ? { agentId } : {}),
    ...(scope === undefined ? {} : { scope }),
    allowedDecisions,
  };
}
