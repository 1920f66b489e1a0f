import { join } from "node:path";
import { STORE_FILE_NAME } from "../../store/index.ts";
import { currentHost, requireServices } from "../ambient/host.ts";
import { resolveStateDir } from "../state-paths.ts";
import { readPath } from "../values/records.ts";
import type { SessionAddress } from "./reading.ts";

const MAX_EVENTS = 1_000;

/** The handle of an agent's sessions; a path only by name. */
export function resolveStorePath(store?: string, options: { agentId?: string } = {}): string {
  const resolve = readPath(currentHost()?.runtime, ["channel", "session", "resolveStorePath"]);
  return typeof resolve === "function" ? String(resolve(store, options)) : "";
}

/**
 * A session's transcript since its last reset, oldest first: a head with the session's id, then one event
 * for each message. Blocks for a round trip to the store.
 */
export function loadTranscriptEventsSync(
  address: Partial<SessionAddress> & { sessionId?: string },
): Record<string, unknown>[] {
  const { sessions } = requireServices("loadTranscriptEventsSync");
  const { sessionId } = address;
  const sessionKey =
    sessionId === undefined ? address.sessionKey : (sessions.keyOf(sessionId) ?? address.sessionKey);
  if (!sessionKey) return [];
  const entry = sessions.get(sessionKey, address.agentId);
  if (!entry || (sessionId !== undefined && entry.sessionId !== sessionId)) return [];
  const head = {
    type: "session",
    version: 3,
    id: entry.sessionId,
    timestamp: new Date(entry.createdAt ?? entry.updatedAt).toISOString(),
  };
  const events = sessions
    .transcript(sessionKey, MAX_EVENTS)
    .map(({ id, parentId, type, createdAt, body }) => ({
      type,
      id,
      parentId: parentId ?? null,
      timestamp: new Date(createdAt).toISOString(),
      ...(type === "message" ? { message: body } : { data: body }),
    }));
  return [head, ...events];
}

/** The files that hold the sessions, for a copy before something is repaired. One store holds all agents. */
export function resolveSessionStoreBackupPaths(_target: { agentId?: string; storePath?: string }): string[] {
  const database = join(resolveStateDir(), STORE_FILE_NAME);
  return [database, `${database}-wal`, `${database}-shm`];
}
