import type { PluginRuntimeTasks, SessionBinder } from "../../contracts/task-flows.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Store } from "../../store/index.ts";
import { asyncFlows, syncFlows, viewsOf } from "./bound-flows.ts";
import { asyncTasks, syncTasks } from "./bound-tasks.ts";
import { type FlowOwner, invalid } from "./flow-input.ts";
import type { TaskBook } from "./task-book.ts";

export { TaskBook } from "./task-book.ts";

export interface TaskRooms {
  readonly store: Store;
  readonly clock: Clock;
  readonly tasks: TaskBook;
  readonly sessions: { key(raw: string): { sessionKey: string } };
}

/**
 * `api.runtime.tasks` (channels-providers-runtime spec 4.6): state of multi-step work, bound to a session.
 * It schedules nothing; whoever controls a flow reads it again after a restart and goes on from its revision.
 */
export function tasksNamespace(rooms: TaskRooms): PluginRuntimeTasks {
  const { store, clock, tasks } = rooms;
  const cancelFlow = (ownerKey: string, flowId: string) => tasks.cancelFlow(ownerKey, flowId);
  const cancelTask = (taskId: string, ownerKey: string) => tasks.cancelTask(taskId, ownerKey);
  const binder = <Bound>(bind: (owner: FlowOwner) => Bound): SessionBinder<Bound> => {
    const of = (sessionKey: string, requesterOrigin: unknown) =>
      bind({
        ownerKey: rooms.sessions.key(sessionKey).sessionKey,
        now: () => clock.now(),
        ...(requesterOrigin === undefined ? {} : { requesterOrigin }),
      });
    return {
      bindSession({ sessionKey, requesterOrigin }) {
        if (!isText(sessionKey)) throw invalid("sessionKey", "must be the key of a session");
        return of(sessionKey.trim(), requesterOrigin);
      },
      fromToolContext({ sessionKey, deliveryContext }) {
        if (!isText(sessionKey)) throw invalid("context", "requires tools with a sessionKey");
        return of(sessionKey.trim(), deliveryContext);
      },
    };
  };
  const managedFlows = binder((owner) => syncFlows(store, owner, cancelFlow));
  return {
    managedFlows,
    flow: managedFlows,
    flows: binder((owner) => viewsOf(syncFlows(store, owner, cancelFlow))),
    runs: binder(({ ownerKey }) => syncTasks(store, ownerKey, cancelTask)),
    async: {
      managedFlows: binder((owner) => asyncFlows(store, owner, cancelFlow)),
      flows: binder((owner) => viewsOf(asyncFlows(store, owner, cancelFlow))),
      runs: binder(({ ownerKey }) => asyncTasks(store, ownerKey, cancelTask)),
    },
  };
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.trim() !== "";
}
