import type { BoundTasks, TaskRecord } from "../../contracts/task-flows.ts";
import type { Store } from "../../store/index.ts";
import { idOf } from "./flow-input.ts";

/** Tasks of a session that a plugin can list, newest first. */
export const MAX_LISTED_TASKS = 500;

type Cancel = (taskId: string, ownerKey: string) => ReturnType<BoundTasks["cancel"]>;

/** The tasks of one session for callers that can not wait. */
export function syncTasks(store: Store, ownerKey: string, cancel: Cancel): BoundTasks {
  const rows = store.callSync.tasks;
  const list = (limit: number) => rows.list({ ownerKey, limit });
  const get = (taskId: string) => rows.get({ taskId: idOf(taskId), ownerKey });
  return {
    sessionKey: ownerKey,
    get,
    list: () => list(MAX_LISTED_TASKS),
    findLatest: () => list(1)[0],
    resolve: (token) => get(token) ?? matching(list(MAX_LISTED_TASKS), idOf(token)),
    cancel: ({ taskId }) => cancel(idOf(taskId), ownerKey),
  };
}

/** The same as promises. */
export function asyncTasks(store: Store, ownerKey: string, cancel: Cancel): BoundTasks<"async"> {
  const rows = store.call.tasks;
  const list = (limit: number) => rows.list({ ownerKey, limit });
  const get = (taskId: string) => rows.get({ taskId: idOf(taskId), ownerKey });
  return {
    sessionKey: ownerKey,
    get,
    list: () => list(MAX_LISTED_TASKS),
    findLatest: async () => (await list(1))[0],
    resolve: async (token) => (await get(token)) ?? matching(await list(MAX_LISTED_TASKS), idOf(token)),
    cancel: ({ taskId }) => cancel(idOf(taskId), ownerKey),
  };
}

function matching(tasks: readonly TaskRecord[], token: string): TaskRecord | undefined {
  return tasks.find(
    ({ runId, ownerKey, childSessionKey }) =>
      runId === token || ownerKey === token || childSessionKey === token,
  );
}
