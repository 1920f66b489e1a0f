import type { Transaction } from "../engine/types.ts";
import { bumpCounter } from "./counters.ts";

/** A session row. `entry` holds everything that has no column of its own; unknown keys survive. */
export interface SessionRecord {
  sessionKey: string;
  agentId: string;
  sessionId: string;
  /** Changes with every reset. */
  lifecycleRevision: string;
  label?: string;
  createdAt: number;
  updatedAt: number;
  lastInteractionAt?: number;
  archivedAt?: number;
  pinnedAt?: number;
  /** Messages since the last reset. */
  messageCount: number;
  /** Entries up to this position lie before the last reset. */
  resetSeq: number;
  entry: Record<string, unknown>;
}

export interface SessionRow {
  session_key: string;
  agent_id: string;
  session_id: string;
  lifecycle_revision: string;
  label: string | null;
  created_at: number;
  updated_at: number;
  last_interaction_at: number | null;
  archived_at: number | null;
  pinned_at: number | null;
  message_count: number;
  reset_seq: number;
  entry: string;
}

export const SESSION_COLUMNS =
  "session_key, agent_id, session_id, lifecycle_revision, label, created_at, updated_at, " +
  "last_interaction_at, archived_at, pinned_at, message_count, reset_seq, entry";

export function toSessionRecord(row: SessionRow): SessionRecord {
  return {
    sessionKey: row.session_key,
    agentId: row.agent_id,
    sessionId: row.session_id,
    lifecycleRevision: row.lifecycle_revision,
    ...(row.label === null ? {} : { label: row.label }),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    ...(row.last_interaction_at === null ? {} : { lastInteractionAt: row.last_interaction_at }),
    ...(row.archived_at === null ? {} : { archivedAt: row.archived_at }),
    ...(row.pinned_at === null ? {} : { pinnedAt: row.pinned_at }),
    messageCount: row.message_count,
    resetSeq: row.reset_seq,
    entry: JSON.parse(row.entry) as Record<string, unknown>,
  };
}

export async function readSession(tx: Transaction, sessionKey: string): Promise<SessionRecord | undefined> {
  const row = await tx.get<SessionRow>(
    `SELECT ${SESSION_COLUMNS} FROM sessions WHERE session_key = ?`,
    sessionKey,
  );
  return row && toSessionRecord(row);
}

export interface NewSession {
  sessionKey: string;
  agentId: string;
  sessionId: string;
  lifecycleRevision: string;
  now: number;
  entry?: Record<string, unknown>;
  label?: string;
}

export async function insertSession(tx: Transaction, session: NewSession): Promise<SessionRecord> {
  await tx.run(
    "INSERT INTO sessions (session_key, agent_id, session_id, lifecycle_revision, label, created_at, updated_at, entry) " +
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    session.sessionKey,
    session.agentId,
    session.sessionId,
    session.lifecycleRevision,
    session.label ?? null,
    session.now,
    session.now,
    JSON.stringify(session.entry ?? {}),
  );
  await bumpCounter(tx, "sessions.live", 1);
  return {
    sessionKey: session.sessionKey,
    agentId: session.agentId,
    sessionId: session.sessionId,
    lifecycleRevision: session.lifecycleRevision,
    ...(session.label === undefined ? {} : { label: session.label }),
    createdAt: session.now,
    updatedAt: session.now,
    messageCount: 0,
    resetSeq: 0,
    entry: session.entry ?? {},
  };
}

/** Merges `patch` into an entry: `null` removes a field, nested objects are replaced whole. */
export function mergeEntry(
  entry: Record<string, unknown>,
  patch: Record<string, unknown>,
): Record<string, unknown> {
  const merged = { ...entry };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null || value === undefined) delete merged[key];
    else merged[key] = value;
  }
  return merged;
}
