import type { FlowCancelResult, TaskRecord } from "../../contracts/task-flows.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Disposable } from "../../kernel/disposable.ts";
import type { Logger } from "../../kernel/logger.ts";
import { Scope } from "../../kernel/scope.ts";
import type { Store } from "../../store/index.ts";
import { taskStatusOf } from "../../store/procedures/tasks.ts";
import type { AgentRuntime } from "../agent/types.ts";

/** Open tasks are compared with what runs this often (gateway protocol 13.2). */
export const TASK_SWEEP_MS = 60_000;
/** A task nothing works on is given up after this long. */
export const LOST_GRACE_MS = 300_000;
/** How long a cancellation waits for a run to end. */
export const CANCEL_LIMIT_MS = 10_000;

export interface TaskBookOptions {
  readonly store: Store;
  readonly agent: Pick<AgentRuntime, "abort" | "activeRuns" | "onFinished" | "wait">;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Keeps the records of tasks and flows true while runs come and go: a task ends with the turn it stands for,
 * is lost when nothing works on it, and a flow that was asked to end does so after its last child.
 */
export class TaskBook implements Disposable {
  readonly #options: TaskBookOptions;
  readonly #logger: Logger;
  readonly #scope = new Scope("tasks");

  constructor(options: TaskBookOptions) {
    this.#options = options;
    this.#logger = options.logger.child("tasks");
    this.#scope.use(
      options.agent.onFinished(({ runId, sessionKey, status, stopReason, error }) => {
        void options.store.call.tasks
          .endOfRun({
            runId,
            sessionKey,
            status: taskStatusOf({ status, stopReason }),
            now: options.clock.now(),
            ...(error ? { error: error.message } : {}),
          })
          .catch((reason) => this.#logger.warn("a task did not hear of its run's end", { error: reason }));
      }),
      "ended runs",
    );
  }

  /** Settles what an earlier process left: call when open turns are back on their lanes. */
  async start(): Promise<void> {
    const { clock } = this.#options;
    await this.#reconcile({ lostBefore: clock.now() + 1, onlyRunning: true });
    const sweep = () =>
      void this.sweep().catch((error) => this.#logger.warn("tasks could not be looked after", { error }));
    this.#scope.use(clock.every(TASK_SWEEP_MS, sweep), "task sweep");
  }

  /** One round of upkeep; bounded in what it touches at once. */
  async sweep(): Promise<void> {
    const { store, clock } = this.#options;
    const now = clock.now();
    await this.#reconcile({ lostBefore: now - LOST_GRACE_MS });
    await store.call.flows.sweep({ now });
    await store.call.tasks.sweep({ now });
  }

  /** Asks a flow to end, stops the children that run here, and ends it when none is left. */
  async cancelFlow(ownerKey: string, flowId: string): Promise<FlowCancelResult> {
    const { store, clock } = this.#options;
    const asked = await store.call.flows.askToCancel({ ownerKey, flowId, now: clock.now() });
    if (!asked.flow) return { found: false, cancelled: false, reason: "the flow was not found" };
    if (asked.refused) return { found: true, cancelled: false, reason: asked.refused, flow: asked.flow };
    await Promise.all(asked.active.map((task) => this.#stop(task)));
    const { flow, tasks } = await store.call.flows.settleCancel({ ownerKey, flowId, now: clock.now() });
    const cancelled = flow?.status === "cancelled";
    return {
      found: true,
      cancelled,
      ...(cancelled ? {} : { reason: "children of the flow are still running" }),
      ...(flow ? { flow } : {}),
      tasks,
    };
  }

  /** Stops one task and says how it ended. */
  async cancelTask(
    taskId: string,
    ownerKey?: string,
  ): Promise<{ found: boolean; cancelled: boolean; reason?: string; task?: TaskRecord }> {
    const { store } = this.#options;
    const at = { taskId, ...(ownerKey === undefined ? {} : { ownerKey }) };
    const before = await store.call.tasks.get(at);
    if (!before) return { found: false, cancelled: false, reason: "the task was not found" };
    if (before.endedAt !== undefined) {
      return { found: true, cancelled: false, reason: `the task has ended (${before.status})`, task: before };
    }
    await this.#stop(before);
    const task = await store.call.tasks.get(at);
    const cancelled = task?.status === "cancelled";
    return {
      found: true,
      cancelled,
      ...(cancelled ? {} : { reason: "its run did not end in time" }),
      ...(task ? { task } : {}),
    };
  }

  dispose(): Promise<void> {
    return this.#scope.dispose();
  }

  async #stop({ taskId, runId, childSessionKey }: TaskRecord): Promise<void> {
    const { agent, store, clock } = this.#options;
    const run =
      runId !== undefined && childSessionKey !== undefined
        ? { runId, sessionKey: childSessionKey }
        : agent
            .activeRuns()
            .find((active) =>
              runId === undefined ? active.sessionKey === childSessionKey : active.runId === runId,
            );
    const stopped =
      run &&
      (await agent.abort({ sessionKey: run.sessionKey, runId: run.runId, reason: "the task was cancelled" }));
    if (run && stopped?.aborted) {
      const outcome = await agent.wait(run.runId, CANCEL_LIMIT_MS);
      if (!outcome) return;
      const { status, stopReason } = outcome;
      await store.call.tasks.end({ taskId, status: taskStatusOf({ status, stopReason }), now: clock.now() });
      return;
    }
    // Nothing runs for it here: the record is all there is to end.
    await store.call.tasks.end({ taskId, status: "cancelled", now: clock.now() });
  }

  async #reconcile(wish: { lostBefore: number; onlyRunning?: boolean }): Promise<void> {
    const { store, clock } = this.#options;
    let after = 0;
    for (;;) {
      const { next } = await store.call.tasks.reconcile({ ...wish, now: clock.now(), after });
      if (next === undefined) return;
      after = next;
    }
  }
}
