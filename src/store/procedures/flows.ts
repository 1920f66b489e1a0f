import type {
  FlowMutation,
  FlowRecord,
  FlowStatus,
  FlowTaskSummary,
  TaskNotifyPolicy,
  TaskRecord,
  TaskStatus,
} from "../../contracts/task-flows.ts";
import type { Transaction } from "../engine/types.ts";
import { bumpCounter } from "./counters.ts";
import { type FlowRow, finishCancelled, readFlow, type TaskRow, toFlow, toTask } from "./flow-rows.ts";
import { type FlowChange, stepped } from "./flow-step.ts";
import { flowUpkeep, forgetEndedOf } from "./flow-upkeep.ts";

/** Flows of one session that have not ended. */
export const MAX_OPEN_FLOWS = 256;

/** Flows that cannot go on. */
const ENDED: ReadonlySet<FlowStatus> = new Set(["succeeded", "failed", "cancelled", "lost"]);

export interface CreateFlowInput {
  flowId: string;
  ownerKey: string;
  requesterOrigin: string | null;
  controllerId: string;
  goal: string;
  status: FlowStatus;
  notifyPolicy: TaskNotifyPolicy;
  currentStep: string | null;
  stateJson: string | null;
  waitJson: string | null;
  cancelRequestedAt: number | null;
  createdAt: number;
  updatedAt: number;
  endedAt: number | null;
}

export interface FlowAddress {
  ownerKey: string;
  flowId: string;
}

/** Procedures over task flows: durable steps, each at a revision. */
export const flowProcedures = {
  ...flowUpkeep,

  /** `full`: the session has {@link MAX_OPEN_FLOWS} that have not ended. */
  async create(tx: Transaction, input: CreateFlowInput): Promise<{ flow: FlowRecord } | { refused: "full" }> {
    const open = await tx.get<{ total: number }>(
      "SELECT COUNT(*) AS total FROM flows WHERE owner_key = ? AND ended_at IS NULL",
      input.ownerKey,
    );
    if ((open?.total ?? 0) >= MAX_OPEN_FLOWS) return { refused: "full" };
    const row: FlowRow = {
      flow_id: input.flowId,
      ordinal: await bumpCounter(tx, "flows.accepted", 1),
      owner_key: input.ownerKey,
      sync_mode: "managed",
      controller_id: input.controllerId,
      requester_origin: input.requesterOrigin,
      revision: 0,
      status: input.status,
      notify_policy: input.notifyPolicy,
      goal: input.goal,
      current_step: input.currentStep,
      blocked_task_id: null,
      blocked_summary: null,
      state_json: input.stateJson,
      wait_json: input.waitJson,
      cancel_requested_at: input.cancelRequestedAt,
      created_at: input.createdAt,
      updated_at: input.updatedAt,
      ended_at: input.endedAt ?? (ENDED.has(input.status) ? input.updatedAt : null),
    };
    const columns = Object.keys(row);
    await tx.run(
      `INSERT INTO flows (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`,
      ...Object.values(row),
    );
    await forgetEndedOf(tx, input.ownerKey);
    return { flow: toFlow(row) };
  },

  async get(tx: Transaction, { ownerKey, flowId }: FlowAddress): Promise<FlowRecord | undefined> {
    const row = await readFlow(tx, ownerKey, flowId);
    return row && toFlow(row);
  },

  /** Newest first. */
  async list(tx: Transaction, input: { ownerKey: string; limit: number }): Promise<FlowRecord[]> {
    const rows = await tx.all<FlowRow>(
      "SELECT * FROM flows WHERE owner_key = ? ORDER BY created_at DESC, ordinal DESC LIMIT ?",
      input.ownerKey,
      input.limit,
    );
    return rows.map(toFlow);
  },

  /** Applies a step if the flow is still at the revision the caller saw. */
  async change(
    tx: Transaction,
    input: FlowAddress & { expectedRevision: number; change: FlowChange },
  ): Promise<FlowMutation> {
    const row = await readFlow(tx, input.ownerKey, input.flowId);
    if (!row) return { applied: false, code: "not_found" };
    if (row.sync_mode !== "managed") return { applied: false, code: "not_managed", current: toFlow(row) };
    if (row.revision !== input.expectedRevision) {
      return { applied: false, code: "revision_conflict", current: toFlow(row) };
    }
    const next = stepped(row, input.change);
    await write(tx, next);
    return { applied: true, flow: toFlow(next) };
  },

  /** Marks a flow for its end, whatever its revision, and names the children that still work for it. */
  async askToCancel(
    tx: Transaction,
    input: FlowAddress & { now: number },
  ): Promise<{ flow?: FlowRecord; refused?: string; active: TaskRecord[] }> {
    const row = await readFlow(tx, input.ownerKey, input.flowId);
    if (!row) return { active: [] };
    if (row.sync_mode !== "managed") {
      return { flow: toFlow(row), refused: "the flow follows a task; cancel the task", active: [] };
    }
    if (row.ended_at !== null) {
      return { flow: toFlow(row), refused: `the flow has ended (${row.status})`, active: [] };
    }
    const active = await tx.all<TaskRow>(
      "SELECT * FROM tasks WHERE parent_flow_id = ? AND ended_at IS NULL ORDER BY ordinal",
      row.flow_id,
    );
    if (row.cancel_requested_at !== null) return { flow: toFlow(row), active: active.map(toTask) };
    const next = stepped(row, { kind: "requestCancel", updatedAt: input.now });
    await write(tx, next);
    return { flow: toFlow(next), active: active.map(toTask) };
  },

  /** Ends a flow that is marked for it, if no child is active. Returns it as it is then, with its children. */
  async settleCancel(
    tx: Transaction,
    input: FlowAddress & { now: number },
  ): Promise<{ flow?: FlowRecord; tasks: TaskRecord[] }> {
    const own = await readFlow(tx, input.ownerKey, input.flowId);
    if (!own) return { tasks: [] };
    await finishCancelled(tx, input.now, input.flowId);
    const row = await readFlow(tx, input.ownerKey, input.flowId);
    const children = await tx.all<TaskRow>(
      "SELECT * FROM tasks WHERE parent_flow_id = ? ORDER BY ordinal",
      input.flowId,
    );
    return { ...(row ? { flow: toFlow(row) } : {}), tasks: children.map(toTask) };
  },

  async taskSummary(tx: Transaction, input: FlowAddress): Promise<FlowTaskSummary | undefined> {
    if (!(await readFlow(tx, input.ownerKey, input.flowId))) return undefined;
    const counts = await tx.all<{ status: TaskStatus; open: number; total: number }>(
      `SELECT status, COUNT(*) AS total, SUM(CASE WHEN ended_at IS NULL THEN 1 ELSE 0 END) AS open
       FROM tasks WHERE parent_flow_id = ? GROUP BY status`,
      input.flowId,
    );
    const summary: FlowTaskSummary = { total: 0, active: 0, terminal: 0, byStatus: noTasks() };
    for (const { status, open, total } of counts) {
      summary.byStatus[status] = total;
      summary.total += total;
      summary.active += open;
      summary.terminal += total - open;
    }
    return summary;
  },
};

async function write(tx: Transaction, row: FlowRow): Promise<void> {
  await tx.run(
    `UPDATE flows SET revision = ?, status = ?, current_step = ?, blocked_task_id = ?, blocked_summary = ?,
       state_json = ?, wait_json = ?, cancel_requested_at = ?, updated_at = ?, ended_at = ? WHERE flow_id = ?`,
    row.revision,
    row.status,
    row.current_step,
    row.blocked_task_id,
    row.blocked_summary,
    row.state_json,
    row.wait_json,
    row.cancel_requested_at,
    row.updated_at,
    row.ended_at,
    row.flow_id,
  );
}

function noTasks(): Record<TaskStatus, number> {
  return { queued: 0, running: 0, succeeded: 0, failed: 0, timed_out: 0, cancelled: 0, lost: 0 };
}
