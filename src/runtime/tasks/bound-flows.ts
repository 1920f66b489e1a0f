import type {
  BoundFlows,
  BoundFlowViews,
  CreateManagedFlow,
  FlowCancelResult,
  FlowMutation,
  FlowRecord,
} from "../../contracts/task-flows.ts";
import { isSluiceError, SluiceError } from "../../kernel/errors.ts";
import type { Store } from "../../store/index.ts";
import { MAX_ENDED_FLOWS } from "../../store/procedures/flow-upkeep.ts";
import { MAX_OPEN_FLOWS } from "../../store/procedures/flows.ts";
import {
  changeInput,
  createInput,
  type FlowErrorCode,
  type FlowOwner,
  idOf,
  taskInput,
} from "./flow-input.ts";

/** All flows a session can have. */
const EVERY_FLOW = MAX_OPEN_FLOWS + MAX_ENDED_FLOWS;
/** The store could not write; nothing happened, or nobody knows. */
const PERSISTENCE: ReadonlySet<string> = new Set([
  "STORE_BUSY",
  "STORE_FAILED",
  "STORE_CLOSED",
  "STORE_FULL",
]);

type Cancel = (ownerKey: string, flowId: string) => Promise<FlowCancelResult>;

/** The flows of one session for callers that can not wait: each call blocks for one round trip to the store. */
export function syncFlows(store: Store, owner: FlowOwner, cancel: Cancel): BoundFlows {
  const rows = store.callSync.flows;
  const tasks = store.callSync.tasks;
  const { ownerKey } = owner;
  const list = (limit: number) => rows.list({ ownerKey, limit });
  const get = (flowId: string) => rows.get({ ownerKey, flowId: idOf(flowId) });
  const change = (input: ReturnType<typeof changeInput>): FlowMutation => {
    try {
      return rows.change(input);
    } catch (error) {
      return notPersisted(error);
    }
  };
  const createManaged = (params: CreateManagedFlow) => made(rows.create(createInput(owner, params)));
  return {
    ...identity(owner),
    createManaged,
    tryCreateManaged(params) {
      const input = createInput(owner, params);
      try {
        return made(rows.create(input));
      } catch {
        return null;
      }
    },
    get,
    list: () => list(EVERY_FLOW),
    findLatest: () => list(1)[0],
    resolve: (token) => (idOf(token) === ownerKey ? list(1)[0] : get(token)),
    getTaskSummary: (flowId) => rows.taskSummary({ ownerKey, flowId: idOf(flowId) }),
    setWaiting: (params) => change(changeInput(owner, "waiting", params)),
    resume: (params) => change(changeInput(owner, "resume", params)),
    finish: (params) => change(changeInput(owner, "finish", params)),
    fail: (params) => change(changeInput(owner, "fail", params)),
    requestCancel: (params) => change(changeInput(owner, "requestCancel", params)),
    cancel: ({ flowId }) => cancel(ownerKey, idOf(flowId)),
    runTask: (params) => tasks.link(taskInput(owner, params)),
  };
}

/** The same as promises; prefer it on busy paths. */
export function asyncFlows(store: Store, owner: FlowOwner, cancel: Cancel): BoundFlows<"async"> {
  const rows = store.call.flows;
  const tasks = store.call.tasks;
  const { ownerKey } = owner;
  const list = (limit: number) => rows.list({ ownerKey, limit });
  const get = (flowId: string) => rows.get({ ownerKey, flowId: idOf(flowId) });
  const change = (input: ReturnType<typeof changeInput>): Promise<FlowMutation> =>
    rows.change(input).catch(notPersisted);
  return {
    ...identity(owner),
    createManaged: async (params) => made(await rows.create(createInput(owner, params))),
    async tryCreateManaged(params) {
      const input = createInput(owner, params);
      return rows
        .create(input)
        .then(made, () => null)
        .catch(() => null);
    },
    get,
    list: () => list(EVERY_FLOW),
    findLatest: async () => (await list(1))[0],
    resolve: async (token) => (idOf(token) === ownerKey ? (await list(1))[0] : get(token)),
    getTaskSummary: (flowId) => rows.taskSummary({ ownerKey, flowId: idOf(flowId) }),
    setWaiting: async (params) => change(changeInput(owner, "waiting", params)),
    resume: async (params) => change(changeInput(owner, "resume", params)),
    finish: async (params) => change(changeInput(owner, "finish", params)),
    fail: async (params) => change(changeInput(owner, "fail", params)),
    requestCancel: async (params) => change(changeInput(owner, "requestCancel", params)),
    cancel: ({ flowId }) => cancel(ownerKey, idOf(flowId)),
    runTask: async (params) => tasks.link(taskInput(owner, params)),
  };
}

/** The part of a flow binding that looks and cancels. */
export function viewsOf<Mode extends "sync" | "async">(flows: BoundFlows<Mode>): BoundFlowViews<Mode> {
  const { sessionKey, get, list, findLatest, resolve, getTaskSummary, cancel } = flows;
  return { sessionKey, get, list, findLatest, resolve, getTaskSummary, cancel };
}

function identity({ ownerKey, requesterOrigin }: FlowOwner) {
  return { sessionKey: ownerKey, ...(requesterOrigin === undefined ? {} : { requesterOrigin }) };
}

function made(answer: { flow: FlowRecord } | { refused: "full" }): FlowRecord {
  if ("flow" in answer) return answer.flow;
  throw new SluiceError<FlowErrorCode>(
    "FLOWS_FULL",
    `the session has ${MAX_OPEN_FLOWS} task flows that have not ended; finish, fail or cancel one first`,
    { details: { limit: MAX_OPEN_FLOWS } },
  );
}

function notPersisted(error: unknown): FlowMutation {
  if (isSluiceError(error) && PERSISTENCE.has(error.code)) return { applied: false, code: "persist_failed" };
  throw error;
}
