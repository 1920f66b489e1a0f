import type {
  FlowRecord,
  FlowStatus,
  TaskDeliveryStatus,
  TaskNotifyPolicy,
  TaskRecord,
  TaskRuntime,
  TaskStatus,
} from "../../contracts/task-flows.ts";
import type { Transaction } from "../engine/types.ts";

export interface FlowRow {
  flow_id: string;
  ordinal: number;
  owner_key: string;
  sync_mode: "managed" | "task_mirrored";
  controller_id: string | null;
  requester_origin: string | null;
  revision: number;
  status: FlowStatus;
  notify_policy: TaskNotifyPolicy;
  goal: string;
  current_step: string | null;
  blocked_task_id: string | null;
  blocked_summary: string | null;
  state_json: string | null;
  wait_json: string | null;
  cancel_requested_at: number | null;
  created_at: number;
  updated_at: number;
  ended_at: number | null;
}

export interface TaskRow {
  task_id: string;
  ordinal: number;
  runtime: TaskRuntime;
  source_id: string | null;
  run_id: string | null;
  requester_session_key: string;
  owner_key: string;
  scope_kind: "session" | "system";
  child_session_key: string | null;
  parent_flow_id: string | null;
  parent_task_id: string | null;
  agent_id: string | null;
  label: string | null;
  task: string;
  status: TaskStatus;
  delivery_status: TaskDeliveryStatus;
  notify_policy: TaskNotifyPolicy;
  created_at: number;
  started_at: number | null;
  ended_at: number | null;
  last_event_at: number | null;
  error: string | null;
  progress_summary: string | null;
}

export function toFlow(row: FlowRow): FlowRecord {
  return {
    flowId: row.flow_id,
    syncMode: row.sync_mode,
    ownerKey: row.owner_key,
    ...(row.requester_origin === null
      ? {}
      : { requesterOrigin: JSON.parse(row.requester_origin) as unknown }),
    ...(row.controller_id === null ? {} : { controllerId: row.controller_id }),
    revision: row.revision,
    status: row.status,
    notifyPolicy: row.notify_policy,
    goal: row.goal,
    ...(row.current_step === null ? {} : { currentStep: row.current_step }),
    ...(row.blocked_task_id === null ? {} : { blockedTaskId: row.blocked_task_id }),
    ...(row.blocked_summary === null ? {} : { blockedSummary: row.blocked_summary }),
    ...(row.state_json === null ? {} : { stateJson: JSON.parse(row.state_json) as unknown }),
    ...(row.wait_json === null ? {} : { waitJson: JSON.parse(row.wait_json) as unknown }),
    ...(row.cancel_requested_at === null ? {} : { cancelRequestedAt: row.cancel_requested_at }),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    ...(row.ended_at === null ? {} : { endedAt: row.ended_at }),
  };
}

export function toTask(row: TaskRow): TaskRecord {
  return {
    taskId: row.task_id,
    runtime: row.runtime,
    ...(row.source_id === null ? {} : { sourceId: row.source_id }),
    ...(row.run_id === null ? {} : { runId: row.run_id }),
    requesterSessionKey: row.requester_session_key,
    ownerKey: row.owner_key,
    scopeKind: row.scope_kind,
    ...(row.child_session_key === null ? {} : { childSessionKey: row.child_session_key }),
    ...(row.parent_flow_id === null ? {} : { parentFlowId: row.parent_flow_id }),
    ...(row.parent_task_id === null ? {} : { parentTaskId: row.parent_task_id }),
    ...(row.agent_id === null ? {} : { agentId: row.agent_id }),
    ...(row.label === null ? {} : { label: row.label }),
    task: row.task,
    status: row.status,
    deliveryStatus: row.delivery_status,
    notifyPolicy: row.notify_policy,
    createdAt: row.created_at,
    ...(row.started_at === null ? {} : { startedAt: row.started_at }),
    ...(row.ended_at === null ? {} : { endedAt: row.ended_at }),
    ...(row.last_event_at === null ? {} : { lastEventAt: row.last_event_at }),
    ...(row.error === null ? {} : { error: row.error }),
    ...(row.progress_summary === null ? {} : { progressSummary: row.progress_summary }),
  };
}

/** A flow as its owner sees it; flows of others do not exist. */
export function readFlow(tx: Transaction, ownerKey: string, flowId: string): Promise<FlowRow | undefined> {
  return tx.get<FlowRow>("SELECT * FROM flows WHERE flow_id = ? AND owner_key = ?", flowId, ownerKey);
}

/** Ends flows whose end was asked for once none of their children is active. Returns how many. */
export async function finishCancelled(tx: Transaction, now: number, flowId?: string): Promise<number> {
  const { changes } = await tx.run(
    `UPDATE flows SET status = 'cancelled', ended_at = ?, updated_at = ?, revision = revision + 1
     WHERE cancel_requested_at IS NOT NULL AND ended_at IS NULL AND sync_mode = 'managed'
       ${flowId === undefined ? "" : "AND flow_id = ?"}
       AND NOT EXISTS (SELECT 1 FROM tasks WHERE tasks.parent_flow_id = flows.flow_id AND tasks.ended_at IS NULL)`,
    now,
    now,
    ...(flowId === undefined ? [] : [flowId]),
  );
  return changes;
}
