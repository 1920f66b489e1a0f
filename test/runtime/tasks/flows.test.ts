import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FlowRecord } from "../../../src/contracts/task-flows.ts";
import { silentLogger } from "../../../src/kernel/logger.ts";
import { ManualClock } from "../../../src/kernel/manual-clock.ts";
import type { AgentRuntime } from "../../../src/runtime/agent/types.ts";
import { tasksNamespace } from "../../../src/runtime/tasks/index.ts";
import { LOST_GRACE_MS, TASK_SWEEP_MS, TaskBook } from "../../../src/runtime/tasks/task-book.ts";
import { FLOW_RETENTION_MS, MAX_ENDED_FLOWS } from "../../../src/store/procedures/flow-upkeep.ts";
import { MAX_OPEN_FLOWS } from "../../../src/store/procedures/flows.ts";
import { MAX_FLOW_TASKS } from "../../../src/store/procedures/tasks.ts";
import { openTestStore } from "../../store/support/core-store.ts";

/** No run ever happens here. */
const idle: Pick<AgentRuntime, "abort" | "activeRuns" | "onFinished" | "wait"> = {
  abort: async () => ({ aborted: false, runIds: [] }),
  activeRuns: () => [],
  onFinished: () => ({ dispose() {} }),
  wait: async () => undefined,
};

async function bench() {
  const store = await openTestStore();
  const clock = new ManualClock(1_000_000);
  const tasks = new TaskBook({ store, agent: idle, clock, logger: silentLogger });
  const namespace = tasksNamespace({
    store,
    clock,
    tasks,
    sessions: { key: (raw) => ({ sessionKey: raw }) },
  });
  return {
    store,
    clock,
    tasks,
    bind: (sessionKey: string) => namespace.managedFlows.bindSession({ sessionKey }),
  };
}

const NEW = { controllerId: "c", goal: "g" };
const OPERATIONS = ["setWaiting", "resume", "finish", "fail", "requestCancel"] as const;

describe("task flows", () => {
  it("[F212] apply a step exactly when it names the stored revision, and each applied one adds one", async () => {
    const { bind } = await bench();
    const sessions = [bind("a"), bind("b")] as const;
    const command = fc.record({
      session: fc.nat(1),
      flow: fc.nat(3),
      operation: fc.constantFrom(...OPERATIONS),
      /** How far the caller's revision is behind. */
      stale: fc.constantFrom(0, 0, 0, 1, 2, -1),
    });
    fc.assert(
      fc.property(fc.array(command, { maxLength: 30 }), (commands) => {
        const model = new Map<
          string,
          { owner: number; revision: number; cancelAt?: number; ended: boolean }
        >();
        const ids = sessions.flatMap((flows, owner) =>
          [0, 1].map(() => {
            const { flowId } = flows.createManaged(NEW);
            model.set(flowId, { owner, revision: 0, ended: false });
            return flowId;
          }),
        );
        for (const { session, flow, operation, stale } of commands) {
          const flowId = ids[flow] as string;
          const known = model.get(flowId) as { owner: number; revision: number; ended: boolean };
          const bound = sessions[session] as (typeof sessions)[number];
          const answer = bound[operation]({ flowId, expectedRevision: known.revision - stale });
          if (known.owner !== session) {
            expect(answer).toEqual({ applied: false, code: "not_found" });
          } else if (stale !== 0) {
            expect(answer).toMatchObject({
              applied: false,
              code: "revision_conflict",
              current: { revision: known.revision },
            });
          } else {
            known.revision += 1;
            if (operation !== "requestCancel") known.ended = operation === "finish" || operation === "fail";
            expect(answer).toMatchObject({ applied: true, flow: { revision: known.revision } });
          }
          const stored = sessions[known.owner as 0 | 1].get(flowId) as FlowRecord;
          expect(stored.revision).toBe(known.revision);
          expect(stored.endedAt !== undefined).toBe(known.ended);
        }
        for (const id of ids)
          void sessions[model.get(id)?.owner as 0 | 1].finish({
            flowId: id,
            expectedRevision: model.get(id)?.revision as number,
          });
      }),
      { numRuns: 40 },
    );
  });

  it("keep one winner among steps that name the same revision at once", async () => {
    const { store, bind } = await bench();
    const { flowId } = bind("a").createManaged(NEW);
    const step = (at: number) =>
      store.call.flows.change({
        ownerKey: "a",
        flowId,
        expectedRevision: 0,
        change: { kind: "waiting", updatedAt: at },
      });
    const answers = await Promise.all(Array.from({ length: 20 }, (_, at) => step(at)));
    expect(answers.filter(({ applied }) => applied)).toHaveLength(1);
  });

  it("are bounded for each session, open and ended, and so are their children", async () => {
    const { bind, store } = await bench();
    const flows = bind("a");
    const made = Array.from({ length: MAX_OPEN_FLOWS }, () => flows.createManaged(NEW));
    expect(() => flows.createManaged(NEW)).toThrow(expect.objectContaining({ code: "FLOWS_FULL" }));
    expect(flows.tryCreateManaged(NEW)).toBeNull();
    expect(bind("b").tryCreateManaged(NEW)).not.toBeNull();
    const { flowId } = made[0] as FlowRecord;
    for (let count = 0; count < MAX_FLOW_TASKS; count++) {
      expect(flows.runTask({ flowId, runtime: "cli", task: "t" }).created).toBe(true);
    }
    expect(flows.runTask({ flowId, runtime: "cli", task: "t" })).toMatchObject({
      created: false,
      found: true,
    });
    for (const one of made) flows.finish({ flowId: one.flowId, expectedRevision: 0 });
    for (let count = 0; count < 10; count++) {
      const { flowId: id } = flows.createManaged(NEW);
      flows.finish({ flowId: id, expectedRevision: 0 });
    }
    flows.createManaged(NEW);
    expect(flows.list()).toHaveLength(MAX_ENDED_FLOWS + 1);
    const { accepted, removed, byStatus } = await store.call.flows.counts({});
    expect(accepted).toBe(removed + Object.values(byStatus).reduce((sum, count) => sum + count, 0));
  });

  it("lose children nothing works on, end what was to be cancelled, and go after a week", async () => {
    const { bind, clock, tasks } = await bench();
    const flows = bind("a");
    const { flowId } = flows.createManaged(NEW);
    flows.runTask({ flowId, runtime: "subagent", childSessionKey: "gone", task: "t", status: "running" });
    flows.requestCancel({ flowId, expectedRevision: 0 });
    clock.advance(LOST_GRACE_MS);
    await tasks.sweep();
    expect(flows.getTaskSummary(flowId)).toMatchObject({ active: 1 });
    clock.advance(TASK_SWEEP_MS);
    await tasks.sweep();
    expect(flows.getTaskSummary(flowId)).toMatchObject({ active: 0, byStatus: { lost: 1 } });
    expect(flows.get(flowId)).toMatchObject({ status: "cancelled", revision: 2 });
    const forgotten = flows.createManaged(NEW);
    clock.advance(FLOW_RETENTION_MS + 1);
    await tasks.sweep();
    expect(flows.get(flowId)).toBeUndefined();
    // Nobody can come back for it: its session does not exist.
    expect(flows.get(forgotten.flowId)).toMatchObject({ status: "lost" });
  });
});
