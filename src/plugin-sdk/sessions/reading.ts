import type { SessionEntry } from "../../contracts/runtime.ts";
import { currentHost } from "../ambient/host.ts";

/** Which session: the key; a path is a handle that says which agent's sessions are meant. */
export interface SessionAddress {
  sessionKey: string;
  agentId?: string;
  storePath?: string;
  [option: string]: unknown;
}

/** The agent in a store path as `resolveStorePath` makes them. */
export function agentOfStorePath(storePath: string | undefined): string | undefined {
  return /[\\/]agents[\\/]([^\\/]+)[\\/]sessions[\\/][^\\/]*$/.exec(storePath ?? "")?.[1];
}

/**
 * A session's row; `undefined` when there is none. Blocks for one round trip to the store:
 * `api.runtime.agent.session.getSessionEntry` does not.
 */
export function getSessionEntry(address: SessionAddress): SessionEntry | undefined {
  const agentId = address.agentId ?? agentOfStorePath(address.storePath);
  return currentHost()?.services?.sessions.get(address.sessionKey, agentId);
}

/** The sessions last used, at most 500. */
export function listSessionEntries(
  filter: { agentId?: string; storePath?: string; [option: string]: unknown } = {},
): { sessionKey: string; entry: SessionEntry }[] {
  const agentId = filter.agentId ?? agentOfStorePath(filter.storePath);
  return currentHost()?.services?.sessions.list(agentId === undefined ? {} : { agentId }) ?? [];
}

/** When the session was last used, in milliseconds since 1970. */
export function readSessionUpdatedAt(address: SessionAddress): number | undefined {
  return getSessionEntry(address)?.updatedAt;
}
