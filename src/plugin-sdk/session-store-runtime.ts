import { currentHost } from "./ambient/host.ts";
import { readPath } from "./values/records.ts";

type Call = (...args: unknown[]) => unknown;

function member(path: readonly string[]): Call | undefined {
  const target = readPath(currentHost()?.runtime, path);
  return typeof target === "function" ? (target as Call) : undefined;
}

/** The handle of an agent's sessions; a path only by name. */
export function resolveStorePath(store?: string, options: { agentId?: string } = {}): string {
  return String(member(["channel", "session", "resolveStorePath"])?.(store, options) ?? "");
}

/**
 * A session's row. This host reads rows asynchronously; without one at hand the answer is `undefined`, as for
 * a session that does not exist. `api.runtime.agent.session.getSessionEntry` gives it with `await`.
 */
export function getSessionEntry(_params: object): Record<string, unknown> | undefined {
  return undefined;
}

export function readSessionUpdatedAt(params: { storePath: string; sessionKey: string }): number | undefined {
  const at = member(["channel", "session", "readSessionUpdatedAt"])?.(params);
  return typeof at === "number" ? at : undefined;
}
