import type { Transaction } from "../engine/types.ts";
import { bumpCounter } from "./counters.ts";
import { dropInjections } from "./injections.ts";
import { listSessions, stalestSessions } from "./session-listing.ts";
import {
  insertSession,
  mergeEntry,
  readSession,
  SESSION_COLUMNS,
  type SessionRecord,
  type SessionRow,
  toSessionRecord,
} from "./session-rows.ts";

/** Transcript rows and turns removed per call of `deleteSession`. */
export const SESSION_DELETE_BATCH = 5_000;

/** The session of a key, or `undefined`. */
export async function getSession(
  tx: Transaction,
  input: { sessionKey: string },
): Promise<SessionRecord | undefined> {
  return readSession(tx, input.sessionKey);
}

/** Finds one session by the id of its transcript or by its label within an agent. */
export async function findSession(
  tx: Transaction,
  input: { sessionId?: string; label?: string; agentId?: string },
): Promise<SessionRecord | undefined> {
  const row =
    input.sessionId !== undefined
      ? await tx.get<SessionRow>(
          `SELECT ${SESSION_COLUMNS} FROM sessions WHERE session_id = ?`,
          input.sessionId,
        )
      : await tx.get<SessionRow>(
          `SELECT ${SESSION_COLUMNS} FROM sessions WHERE agent_id = ? AND label = ?`,
          input.agentId ?? "main",
          input.label ?? "",
        );
  return row && toSessionRecord(row);
}

/** Why a change was refused; a value, because the caller turns it into its own error. */
export type SessionRefusal = "missing" | "session-changed" | "label-taken";

export interface PatchSessionInput {
  sessionKey: string;
  /** Merged into the entry; `null` removes a field. */
  patch?: Record<string, unknown>;
  label?: string | null;
  archived?: boolean;
  pinned?: boolean;
  /** Creates the session when it does not exist. */
  create?: { agentId: string; sessionId: string; lifecycleRevision: string };
  expectedSessionId?: string;
  expectedLifecycleRevision?: string;
  /** Leaves `updatedAt` as it is. */
  preserveActivity?: boolean;
  now: number;
}

export type PatchSessionOutput =
  | { session: SessionRecord; created: boolean }
  | { refused: SessionRefusal; session?: SessionRecord };

/** Reads, merges and writes a session in one step. */
export async function patchSession(tx: Transaction, input: PatchSessionInput): Promise<PatchSessionOutput> {
  let session = await readSession(tx, input.sessionKey);
  const created = session === undefined;
  if (!session) {
    if (!input.create) return { refused: "missing" };
    session = await insertSession(tx, { ...input.create, sessionKey: input.sessionKey, now: input.now });
  }
  if (
    (input.expectedSessionId !== undefined && input.expectedSessionId !== session.sessionId) ||
    (input.expectedLifecycleRevision !== undefined &&
      input.expectedLifecycleRevision !== session.lifecycleRevision)
  ) {
    return { refused: "session-changed", session };
  }
  if (typeof input.label === "string") {
    const owner = await findSession(tx, { agentId: session.agentId, label: input.label });
    if (owner && owner.sessionKey !== session.sessionKey) return { refused: "label-taken", session: owner };
  }
  const label = input.label === undefined ? session.label : (input.label ?? undefined);
  const archivedAt = toggled(session.archivedAt, input.archived, input.now);
  const pinnedAt = toggled(session.pinnedAt, input.pinned, input.now);
  const updatedAt = input.preserveActivity ? session.updatedAt : Math.max(input.now, session.updatedAt);
  const entry = mergeEntry(session.entry, input.patch ?? {});
  await tx.run(
    "UPDATE sessions SET label = ?, archived_at = ?, pinned_at = ?, updated_at = ?, entry = ? WHERE session_key = ?",
    label ?? null,
    archivedAt ?? null,
    pinnedAt ?? null,
    updatedAt,
    JSON.stringify(entry),
    input.sessionKey,
  );
  const live = (archivedAt === undefined ? 1 : 0) - (session.archivedAt === undefined ? 1 : 0);
  if (live !== 0) await bumpCounter(tx, "sessions.live", live);
  const next = (await readSession(tx, input.sessionKey)) as SessionRecord;
  return { session: next, created };
}

function toggled(current: number | undefined, wanted: boolean | undefined, now: number): number | undefined {
  if (wanted === undefined) return current;
  return wanted ? (current ?? now) : undefined;
}

/** Puts a reset boundary into the transcript and gives the session a new lifecycle revision. */
export async function resetSession(
  tx: Transaction,
  input: {
    sessionKey: string;
    expectedSessionId?: string;
    entryId: string;
    lifecycleRevision: string;
    reason: string;
    /** Entry fields that mirror state of plugins; they go with it. */
    pluginSlots?: readonly string[];
    now: number;
    create: { agentId: string; sessionId: string };
  },
): Promise<PatchSessionOutput> {
  const session = await readSession(tx, input.sessionKey);
  if (!session) {
    const made = await insertSession(tx, {
      ...input.create,
      lifecycleRevision: input.lifecycleRevision,
      sessionKey: input.sessionKey,
      now: input.now,
    });
    return { session: made, created: true };
  }
  if (input.expectedSessionId !== undefined && input.expectedSessionId !== session.sessionId) {
    return { refused: "session-changed", session };
  }
  const tail = await tx.get<{ seq: number; entry_id: string }>(
    "SELECT seq, entry_id FROM transcript_entries WHERE session_id = ? ORDER BY seq DESC LIMIT 1",
    session.sessionId,
  );
  const seq = (tail?.seq ?? 0) + 1;
  await tx.run(
    "INSERT INTO transcript_entries (session_id, seq, entry_id, parent_id, type, body, created_at) VALUES (?, ?, ?, ?, 'reset', ?, ?)",
    session.sessionId,
    seq,
    input.entryId,
    tail?.entry_id ?? null,
    JSON.stringify({ reason: input.reason }),
    input.now,
  );
  const entry = mergeEntry(session.entry, {
    inputTokens: null,
    outputTokens: null,
    totalTokens: null,
    estimatedCostUsd: null,
    status: null,
    lastRunId: null,
    abortedLastRun: null,
    pluginExtensions: null,
    // A new conversation owes nothing to the sign-in of the last, unless a user chose that.
    ...(session.entry["authProfileOverrideSource"] === "auto"
      ? { authProfileOverride: null, authProfileOverrideSource: null }
      : {}),
    ...Object.fromEntries((input.pluginSlots ?? []).map((slot) => [slot, null])),
  });
  await dropInjections(tx, { sessionKey: input.sessionKey, reason: "reset", now: input.now });
  await tx.run(
    "UPDATE sessions SET lifecycle_revision = ?, reset_seq = ?, message_count = 0, updated_at = ?, entry = ? WHERE session_key = ?",
    input.lifecycleRevision,
    seq,
    input.now,
    JSON.stringify({ ...entry, sessionStartedAt: input.now }),
    input.sessionKey,
  );
  const next = (await readSession(tx, input.sessionKey)) as SessionRecord;
  return { session: next, created: false };
}

/**
 * Removes a session with its turns and, unless kept, its transcript: at most {@link SESSION_DELETE_BATCH}
 * rows a call. `done: false` means call again; the session itself goes last, so that a crash in between
 * leaves something that can be deleted again.
 */
export async function deleteSession(
  tx: Transaction,
  input: {
    sessionKey: string;
    deleteTranscript: boolean;
    expectedSessionId?: string;
    expectedLifecycleRevision?: string;
    expectedUpdatedAt?: number;
    archivedOnly?: boolean;
    now: number;
  },
): Promise<{ done: boolean; deleted: boolean; sessionId?: string; refused?: SessionRefusal }> {
  const session = await readSession(tx, input.sessionKey);
  if (!session) return { done: true, deleted: false };
  const changed =
    (input.expectedSessionId !== undefined && input.expectedSessionId !== session.sessionId) ||
    (input.expectedLifecycleRevision !== undefined &&
      input.expectedLifecycleRevision !== session.lifecycleRevision) ||
    (input.expectedUpdatedAt !== undefined && input.expectedUpdatedAt !== session.updatedAt) ||
    (input.archivedOnly === true && session.archivedAt === undefined);
  if (changed)
    return { done: true, deleted: false, sessionId: session.sessionId, refused: "session-changed" };

  let budget = SESSION_DELETE_BATCH;
  if (input.deleteTranscript) {
    const removed = await tx.run(
      "DELETE FROM transcript_entries WHERE session_id = ? AND seq IN " +
        "(SELECT seq FROM transcript_entries WHERE session_id = ? ORDER BY seq LIMIT ?)",
      session.sessionId,
      session.sessionId,
      budget,
    );
    budget -= removed.changes;
    if (budget <= 0) return { done: false, deleted: false, sessionId: session.sessionId };
  }
  const turns = await tx.run(
    "DELETE FROM turns WHERE run_id IN (SELECT run_id FROM turns WHERE session_key = ? " +
      "AND status NOT IN ('queued', 'running') ORDER BY ordinal LIMIT ?)",
    input.sessionKey,
    budget,
  );
  if (turns.changes >= budget) return { done: false, deleted: false, sessionId: session.sessionId };
  await dropInjections(tx, { sessionKey: input.sessionKey, reason: "delete", now: input.now });
  await tx.run("DELETE FROM sessions WHERE session_key = ?", input.sessionKey);
  if (session.archivedAt === undefined) await bumpCounter(tx, "sessions.live", -1);
  return { done: true, deleted: true, sessionId: session.sessionId };
}

export interface SessionPreview {
  sessionKey: string;
  status: "ok" | "empty" | "missing";
  /** Transcript bodies, oldest first. */
  bodies: string[];
}

/** The last messages of several sessions. */
export async function previewSessions(
  tx: Transaction,
  input: { sessionKeys: string[]; limit: number },
): Promise<SessionPreview[]> {
  const previews: SessionPreview[] = [];
  for (const sessionKey of input.sessionKeys) {
    const session = await readSession(tx, sessionKey);
    if (!session) {
      previews.push({ sessionKey, status: "missing", bodies: [] });
      continue;
    }
    const rows = await tx.all<{ body: string }>(
      "SELECT body FROM transcript_entries WHERE session_id = ? AND seq > ? AND type = 'message' ORDER BY seq DESC LIMIT ?",
      session.sessionId,
      session.resetSeq,
      input.limit,
    );
    previews.push({
      sessionKey,
      status: rows.length > 0 ? "ok" : "empty",
      bodies: rows.map((row) => row.body).reverse(),
    });
  }
  return previews;
}

/** Procedures over sessions (spec 11). */
export const sessionProcedures = {
  get: getSession,
  find: findSession,
  list: listSessions,
  stalest: stalestSessions,
  patch: patchSession,
  reset: resetSession,
  delete: deleteSession,
  preview: previewSessions,
};
