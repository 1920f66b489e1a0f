import type { FlowRow } from "./flow-rows.ts";

/** One step of a flow. A field that is absent stays as it is; null clears it. JSON comes as text. */
export interface FlowChange {
  kind: "waiting" | "resume" | "finish" | "fail" | "requestCancel";
  updatedAt: number;
  status?: "queued" | "running";
  currentStep?: string | null;
  stateJson?: string | null;
  waitJson?: string | null;
  blockedTaskId?: string | null;
  blockedSummary?: string | null;
  cancelRequestedAt?: number;
  endedAt?: number;
}

/** The row after one step; its revision is the next. */
export function stepped(row: FlowRow, change: FlowChange): FlowRow {
  const { kind, updatedAt } = change;
  const next: FlowRow = {
    ...row,
    revision: row.revision + 1,
    updated_at: updatedAt,
    ...(change.currentStep === undefined ? {} : { current_step: change.currentStep }),
    ...(change.stateJson === undefined ? {} : { state_json: change.stateJson }),
  };
  if (kind === "requestCancel") {
    // Asking again does not move the time of the first.
    next.cancel_requested_at = row.cancel_requested_at ?? change.cancelRequestedAt ?? updatedAt;
    return next;
  }
  if (kind === "waiting") {
    if (change.waitJson !== undefined) next.wait_json = change.waitJson;
    if (change.blockedTaskId !== undefined) next.blocked_task_id = change.blockedTaskId;
    if (change.blockedSummary !== undefined) next.blocked_summary = change.blockedSummary;
    const blocked = isText(change.blockedTaskId) || isText(change.blockedSummary);
    next.status = blocked ? "blocked" : "waiting";
    next.ended_at = null;
    return next;
  }
  next.wait_json = null;
  if (kind === "resume" || kind === "finish") {
    next.blocked_task_id = null;
    next.blocked_summary = null;
  }
  if (kind === "resume") {
    next.status = change.status ?? "queued";
    next.ended_at = null;
    return next;
  }
  if (kind === "fail") {
    if (change.blockedTaskId !== undefined) next.blocked_task_id = change.blockedTaskId;
    if (change.blockedSummary !== undefined) next.blocked_summary = change.blockedSummary;
  }
  next.status = kind === "finish" ? "succeeded" : "failed";
  next.ended_at = change.endedAt ?? updatedAt;
  return next;
}

function isText(value: string | null | undefined): boolean {
  return typeof value === "string" && value.trim() !== "";
}
