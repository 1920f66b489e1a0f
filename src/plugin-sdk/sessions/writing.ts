import type { SessionEntry } from "../../contracts/runtime.ts";
import { requireHost, requireServices } from "../ambient/host.ts";
import { isRecord, readPath } from "../values/records.ts";
import { agentOfStorePath, getSessionEntry, type SessionAddress } from "./reading.ts";

/**
 * Changes a session. `update` gets the row and returns the fields to set, or `null` to leave it as it is; with
 * `replaceEntry` what it leaves out is taken away.
 */
export async function patchSessionEntry(
  params: SessionAddress & {
    update(entry: SessionEntry): Partial<SessionEntry> | null | Promise<Partial<SessionEntry> | null>;
    replaceEntry?: boolean;
    fallbackEntry?: SessionEntry;
  },
): Promise<SessionEntry | null> {
  const { session } = requireHost("patchSessionEntry").runtime.agent;
  const before = getSessionEntry(params) ?? params.fallbackEntry;
  if (!before) return null;
  const wanted = await params.update(structuredClone(before));
  if (wanted === null) return before;
  const changes: Record<string, unknown> = { ...wanted };
  if (params.replaceEntry) {
    for (const field of Object.keys(before)) if (!(field in wanted)) changes[field] = null;
  }
  // Only what differs is written, and only onto the session that was read.
  for (const [field, value] of Object.entries(changes)) {
    if (JSON.stringify(value) === JSON.stringify(before[field])) delete changes[field];
  }
  if (Object.keys(changes).length === 0) return before;
  return session.patchSessionEntry({
    sessionKey: params.sessionKey,
    ...(params.fallbackEntry ? { fallbackEntry: params.fallbackEntry } : {}),
    update: (current) => (current.sessionId === before.sessionId ? (changes as Partial<SessionEntry>) : null),
  });
}

/** Removes a session. @returns false when there is none, or it is another one than was expected */
export async function deleteSessionEntry(
  params: SessionAddress & {
    /** Keeps what was said, without a session of that key. */
    archiveTranscript?: boolean;
    expectedSessionId?: string | null;
    expectedUpdatedAt?: number;
  },
): Promise<boolean> {
  const { sessions } = requireServices("deleteSessionEntry");
  const { expectedSessionId, expectedUpdatedAt, archiveTranscript } = params;
  const agentId = params.agentId ?? agentOfStorePath(params.storePath);
  return sessions.delete(params.sessionKey, {
    keepTranscript: archiveTranscript === true,
    ...(agentId === undefined ? {} : { agentId }),
    ...(expectedSessionId ? { expectedSessionId } : {}),
    ...(expectedUpdatedAt === undefined ? {} : { expectedUpdatedAt }),
  });
}

interface DeliveryContext {
  channel?: string;
  to?: string;
  accountId?: string | null;
  threadId?: string | number | null;
}

/** Notes where a session is answered from now on. */
export async function updateLastRoute(
  params: SessionAddress & DeliveryContext & { deliveryContext?: DeliveryContext; createIfMissing?: boolean },
): Promise<SessionEntry | undefined> {
  const update = readPath(requireHost("updateLastRoute").runtime.channel, ["session", "updateLastRoute"]);
  if (typeof update !== "function") throw new Error("the running gateway keeps no routes");
  const { sessionKey, channel, to, accountId, threadId, createIfMissing, deliveryContext } = params;
  const route = isRecord(deliveryContext) ? deliveryContext : { channel, to, accountId, threadId };
  await update({ sessionKey, ...route, ...(createIfMissing === undefined ? {} : { createIfMissing }) });
  return getSessionEntry(params);
}
