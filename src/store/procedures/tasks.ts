import type {
  FlowTaskResult,
  TaskDeliveryStatus,
  TaskNotifyPolicy,
  TaskRecord,
  TaskRuntime,
  TaskStatus,
} from "../../contracts/task-flows.ts";
import type { Transaction } from "../engine/types.ts";
import { bumpCounter } from "./counters.ts";
import { finishCancelled, readFlow, type TaskRow, toFlow, toTask } from "./flow-rows.ts";

/** Children of one flow. */
export const MAX_FLOW_TASKS = 256;
/** Ended tasks are kept this long; lost ones a day (gateway protocol 13.6). */
export const TASK_RETENTION_MS = 7 * 86_400_000;
export const LOST_TASK_RETENTION_MS = 86_400_000;
/** Tasks that one upkeep judges or removes. */
export const MAX_SWEPT_TASKS = 512;
/** What a turn says about the task that stands for it. */
export function taskStatusOf(turn: { status: string; stopReason?: string | undefined }): TaskStatus {
  if (turn.stopReason === "timeout") return "timed_out";
  if (turn.status === "done") return "succeeded";
  if (turn.status === "failed") return "failed";
  return turn.status === "aborted" ? "cancelled" : "running";
}

export interface CreateTaskInput {
  taskId: string;
  ownerKey: string;
  flowId: string;
  runtime: TaskRuntime;
  task: string;
  sourceId: string | null;
  runId: string | null;
  childSessionKey: string | null;
  parentTaskId: string | null;
  agentId: string | null;
  label: string | null;
  status: "queued" | "running";
  deliveryStatus: TaskDeliveryStatus;
  notifyPolicy: TaskNotifyPolicy;
  startedAt: number | null;
  lastEventAt: number | null;
  progressSummary: string | null;
  now: number;
}

export const taskProcedures = {
  /**
   * Links a child to a flow: the record of its run where there is one, else a new one. The flow keeps its
   * revision, so that its controller can go on with the one it holds.
   */
  async link(tx: Transaction, input: CreateTaskInput): Promise<FlowTaskResult> {
    const flow = await readFlow(tx, input.ownerKey, input.flowId);
    if (!flow) return { created: false, found: false, reason: "the flow was not found" };
    const refuse = (reason: string): FlowTaskResult => ({
      created: false,
      found: true,
      reason,
      flow: toFlow(flow),
    });
    if (flow.sync_mode !== "managed") return refuse("the flow is not managed");
    if (flow.ended_at !== null) return refuse(`the flow has ended (${flow.status})`);
    if (flow.cancel_requested_at !== null) return refuse("the flow is to be cancelled");
    const known = input.runId === null ? undefined : await taskOfRun(tx, input.runtime, input.runId);
    if (known && known.owner_key !== input.ownerKey) return refuse("the run belongs to another session");
    if (known && known.parent_flow_id !== null && known.parent_flow_id !== flow.flow_id) {
      return refuse("the run belongs to another flow");
    }
    const children = await tx.get<{ total: number }>(
      "SELECT COUNT(*) AS total FROM tasks WHERE parent_flow_id = ?",
      flow.flow_id,
    );
    if (!known?.parent_flow_id && (children?.total ?? 0) >= MAX_FLOW_TASKS) {
      return refuse(`a flow has at most ${MAX_FLOW_TASKS} tasks`);
    }
    const row = known ?? (await insert(tx, input));
    if (known)
      await tx.run("UPDATE tasks SET parent_flow_id = ? WHERE task_id = ?", flow.flow_id, row.task_id);
    return { created: true, flow: toFlow(flow), task: toTask({ ...row, parent_flow_id: flow.flow_id }) };
  },

  async get(tx: Transaction, input: { taskId: string; ownerKey?: string }): Promise<TaskRecord | undefined> {
    const row = await tx.get<TaskRow>("SELECT * FROM tasks WHERE task_id = ?", input.taskId);
    return row && (input.ownerKey === undefined || row.owner_key === input.ownerKey)
      ? toTask(row)
      : undefined;
  },

  /** Newest first. */
  async list(tx: Transaction, input: { ownerKey: string; limit: number }): Promise<TaskRecord[]> {
    const rows = await tx.all<TaskRow>(
      "SELECT * FROM tasks WHERE owner_key = ? ORDER BY created_at DESC, ordinal DESC LIMIT ?",
      input.ownerKey,
      input.limit,
    );
    return rows.map(toTask);
  },

  /** Ends a task that has not ended; an ended one stays as it is. */
  async end(
    tx: Transaction,
    input: { taskId: string; status: TaskStatus; error?: string; now: number },
  ): Promise<TaskRecord | undefined> {
    const row = await tx.get<TaskRow>("SELECT * FROM tasks WHERE task_id = ?", input.taskId);
    if (!row) return undefined;
    return toTask(await settle(tx, row, input.status, input.now, input.error));
  },

  /** Ends the tasks that stand for a turn that ended, in its run or, without one, in its session. */
  async endOfRun(
    tx: Transaction,
    input: { runId: string; sessionKey: string; status: TaskStatus; error?: string; now: number },
  ): Promise<number> {
    const rows = await tx.all<TaskRow>(
      `SELECT * FROM tasks WHERE ended_at IS NULL AND run_id = ?
       UNION ALL
       SELECT * FROM tasks WHERE ended_at IS NULL AND run_id IS NULL AND child_session_key = ?
         AND runtime IN ('subagent', 'acp') AND status = 'running'`,
      input.runId,
      input.sessionKey,
    );
    for (const row of rows) await settle(tx, row, input.status, input.now, input.error);
    return rows.length;
  },

  /**
   * Compares open tasks with the turns they stand for: ends those whose turn ended, and as `lost` those
   * without a turn that were last heard of before `lostBefore` (`onlyRunning`: a queued one may still begin).
   */
  async reconcile(
    tx: Transaction,
    input: { now: number; lostBefore: number; onlyRunning?: boolean; after?: number },
  ): Promise<{ ended: number; lost: number; next?: number }> {
    const rows = await tx.all<TaskRow>(
      "SELECT * FROM tasks WHERE ended_at IS NULL AND ordinal > ? ORDER BY ordinal LIMIT ?",
      input.after ?? 0,
      MAX_SWEPT_TASKS,
    );
    let ended = 0;
    let lost = 0;
    for (const row of rows) {
      const turn = await turnOf(tx, row);
      if (turn && turn !== "running") {
        await settle(tx, row, turn, input.now);
        ended += 1;
      } else if (turn || (input.onlyRunning && row.status !== "running")) {
      } else if ((row.last_event_at ?? row.started_at ?? row.created_at) < input.lostBefore) {
        await settle(tx, row, "lost", input.now, "nothing works on it any more");
        lost += 1;
      }
    }
    const last = rows.length === MAX_SWEPT_TASKS ? rows.at(-1) : undefined;
    return { ended, lost, ...(last ? { next: last.ordinal } : {}) };
  },

  /** Removes tasks that ended long ago. */
  async sweep(tx: Transaction, { now }: { now: number }): Promise<{ removed: number }> {
    const { changes } = await tx.run(
      `DELETE FROM tasks WHERE task_id IN (
         SELECT task_id FROM tasks WHERE ended_at < ? OR (status = 'lost' AND ended_at < ?)
         ORDER BY ended_at LIMIT ?)`,
      now - TASK_RETENTION_MS,
      now - LOST_TASK_RETENTION_MS,
      MAX_SWEPT_TASKS,
    );
    if (changes > 0) await bumpCounter(tx, "tasks.removed", changes);
    return { removed: changes };
  },

  /** The books of DESIGN §1: what was accepted and where it is now. */
  async counts(
    tx: Transaction,
    _input: Record<string, never>,
  ): Promise<{ accepted: number; removed: number; byStatus: Partial<Record<TaskStatus, number>> }> {
    const rows = await tx.all<{ status: TaskStatus; total: number }>(
      "SELECT status, COUNT(*) AS total FROM tasks GROUP BY status",
    );
    const counters = await tx.all<{ name: string; value: number }>(
      "SELECT name, value FROM counters WHERE name IN ('tasks.accepted', 'tasks.removed')",
    );
    const of = (name: string) => counters.find((counter) => counter.name === name)?.value ?? 0;
    return {
      accepted: of("tasks.accepted"),
      removed: of("tasks.removed"),
      byStatus: Object.fromEntries(rows.map(({ status, total }) => [status, total])),
    };
  },
};

function taskOfRun(tx: Transaction, runtime: TaskRuntime, runId: string): Promise<TaskRow | undefined> {
  return tx.get<TaskRow>(
    "SELECT * FROM tasks WHERE run_id = ? AND runtime = ? AND ended_at IS NULL ORDER BY ordinal LIMIT 1",
    runId,
    runtime,
  );
}

async function insert(tx: Transaction, input: CreateTaskInput): Promise<TaskRow> {
  const row: TaskRow = {
    task_id: input.taskId,
    ordinal: await bumpCounter(tx, "tasks.accepted", 1),
    runtime: input.runtime,
    source_id: input.sourceId,
    run_id: input.runId,
    requester_session_key: input.ownerKey,
    owner_key: input.ownerKey,
    scope_kind: "session",
    child_session_key: input.childSessionKey,
    parent_flow_id: input.flowId,
    parent_task_id: input.parentTaskId,
    agent_id: input.agentId,
    label: input.label,
    task: input.task,
    status: input.status,
    delivery_status: input.deliveryStatus,
    notify_policy: input.notifyPolicy,
    created_at: input.now,
    started_at: input.startedAt ?? (input.status === "running" ? input.now : null),
    ended_at: null,
    last_event_at: input.lastEventAt,
    error: null,
    progress_summary: input.progressSummary,
  };
  const columns = Object.keys(row);
  await tx.run(
    `INSERT INTO tasks (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`,
    ...Object.values(row),
  );
  // A run that was quicker than its record.
  const turn = row.run_id === null ? undefined : await turnOf(tx, row);
  return turn && turn !== "running" ? settle(tx, row, turn, input.now) : row;
}

/** What the turn that a task stands for says, if the store has one; `running` while it is open. */
async function turnOf(tx: Transaction, row: TaskRow): Promise<TaskStatus | undefined> {
  if (row.run_id !== null) {
    const turn = await tx.get<{ status: string; outcome: string | null }>(
      "SELECT status, outcome FROM turns WHERE run_id = ?",
      row.run_id,
    );
    if (!turn) return undefined;
    const outcome = turn.outcome === null ? {} : (JSON.parse(turn.outcome) as { stopReason?: string });
    return taskStatusOf({ status: turn.status, stopReason: outcome.stopReason });
  }
  if (row.child_session_key === null) return undefined;
  const open = await tx.get(
    "SELECT run_id FROM turns WHERE session_key = ? AND status IN ('queued', 'running') ORDER BY ordinal LIMIT 1",
    row.child_session_key,
  );
  return open ? "running" : undefined;
}

async function settle(
  tx: Transaction,
  row: TaskRow,
  status: TaskStatus,
  now: number,
  error?: string,
): Promise<TaskRow> {
  if (row.ended_at !== null) return row;
  const next: TaskRow = { ...row, status, ended_at: now, last_event_at: now, error: error ?? row.error };
  await tx.run(
    "UPDATE tasks SET status = ?, ended_at = ?, last_event_at = ?, error = ? WHERE task_id = ?",
    next.status,
    next.ended_at,
    next.last_event_at,
    next.error,
    next.task_id,
  );
  if (row.parent_flow_id !== null) await finishCancelled(tx, now, row.parent_flow_id);
  return next;
}
