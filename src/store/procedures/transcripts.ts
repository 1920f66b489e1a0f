import type { SqlValue, Transaction } from "../engine/types.ts";
import { readSession, type SessionRecord } from "./session-rows.ts";

/** One entry of a transcript. `body` is the JSON of a message, or of what the type needs. */
export interface TranscriptRecord {
  sessionId: string;
  /** 1, 2, 3… without gaps within a session. */
  seq: number;
  entryId: string;
  parentId?: string;
  type: string;
  runId?: string;
  idempotencyKey?: string;
  body: string;
  createdAt: number;
}

interface TranscriptRow {
  session_id: string;
  seq: number;
  entry_id: string;
  parent_id: string | null;
  type: string;
  run_id: string | null;
  idempotency_key: string | null;
  body: string;
  created_at: number;
}

/** Most entries one page holds. */
export const MAX_TRANSCRIPT_PAGE = 1_000;

function toTranscriptRecord(row: TranscriptRow): TranscriptRecord {
  return {
    sessionId: row.session_id,
    seq: row.seq,
    entryId: row.entry_id,
    ...(row.parent_id === null ? {} : { parentId: row.parent_id }),
    type: row.type,
    ...(row.run_id === null ? {} : { runId: row.run_id }),
    ...(row.idempotency_key === null ? {} : { idempotencyKey: row.idempotency_key }),
    body: row.body,
    createdAt: row.created_at,
  };
}

/** A transcript entry before it has a position. */
export interface NewTranscriptEntry {
  entryId: string;
  /** Default `message`. */
  type?: string;
  runId?: string;
  /** Within the session; an entry whose key is known is not written again. */
  idempotencyKey?: string;
  body: string;
}

/** Appends entries in order. Returns what was written; entries with a known key are left out. */
export async function appendEntries(
  tx: Transaction,
  input: { sessionId: string; entries: readonly NewTranscriptEntry[]; now: number },
): Promise<TranscriptRecord[]> {
  if (input.entries.length === 0) return [];
  const tail = await tx.get<{ seq: number; entry_id: string }>(
    "SELECT seq, entry_id FROM transcript_entries WHERE session_id = ? ORDER BY seq DESC LIMIT 1",
    input.sessionId,
  );
  let seq = tail?.seq ?? 0;
  let parentId = tail?.entry_id ?? null;
  const written: TranscriptRecord[] = [];
  for (const entry of input.entries) {
    const row: TranscriptRow = {
      session_id: input.sessionId,
      seq: seq + 1,
      entry_id: entry.entryId,
      parent_id: parentId,
      type: entry.type ?? "message",
      run_id: entry.runId ?? null,
      idempotency_key: entry.idempotencyKey ?? null,
      body: entry.body,
      created_at: input.now,
    };
    const { changes } = await tx.run(
      `INSERT INTO transcript_entries
         (session_id, seq, entry_id, parent_id, type, run_id, idempotency_key, body, created_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (session_id, idempotency_key) DO NOTHING`,
      row.session_id,
      row.seq,
      row.entry_id,
      row.parent_id,
      row.type,
      row.run_id,
      row.idempotency_key,
      row.body,
      row.created_at,
    );
    if (changes === 0) continue;
    seq += 1;
    parentId = entry.entryId;
    written.push(toTranscriptRecord(row));
  }
  return written;
}

/** The newest entries of a session before `beforeSeq`, oldest first, never across the last reset. */
async function tailEntries(
  tx: Transaction,
  input: { sessionId: string; afterSeq: number; beforeSeq?: number; limit: number },
): Promise<TranscriptRecord[]> {
  const where = ["session_id = ?", "seq > ?"];
  const params: SqlValue[] = [input.sessionId, input.afterSeq];
  if (input.beforeSeq !== undefined) {
    where.push("seq < ?");
    params.push(input.beforeSeq);
  }
  const rows = await tx.all<TranscriptRow>(
    `SELECT * FROM transcript_entries WHERE ${where.join(" AND ")} ORDER BY seq DESC LIMIT ?`,
    ...params,
    Math.min(Math.max(1, input.limit), MAX_TRANSCRIPT_PAGE),
  );
  return rows.reverse().map(toTranscriptRecord);
}

/**
 * Messages before a turn, oldest first. Columns instead of rows: hundreds of small objects cost more to pass
 * between threads than their text.
 */
export interface TurnHistory {
  seqs: number[];
  runIds: (string | null)[];
  bodies: string[];
}

/** The messages among the newest `limit` entries of a session since its last reset, without those of one run. */
export async function historyOf(
  tx: Transaction,
  input: { sessionId: string; afterSeq: number; limit: number; excludeRunId: string },
): Promise<TurnHistory> {
  const rows = await tx.all<Pick<TranscriptRow, "seq" | "run_id" | "type" | "body">>(
    `SELECT seq, run_id, type, body FROM transcript_entries
     WHERE session_id = ? AND seq > ? AND (run_id IS NULL OR run_id <> ?) ORDER BY seq DESC LIMIT ?`,
    input.sessionId,
    input.afterSeq,
    input.excludeRunId,
    Math.min(Math.max(1, input.limit), MAX_TRANSCRIPT_PAGE),
  );
  const history: TurnHistory = { seqs: [], runIds: [], bodies: [] };
  for (const row of rows.reverse()) {
    if (row.type !== "message") continue;
    history.seqs.push(row.seq);
    history.runIds.push(row.run_id);
    history.bodies.push(row.body);
  }
  return history;
}

export async function entriesOfRun(
  tx: Transaction,
  input: { sessionId: string; runId: string },
): Promise<TranscriptRecord[]> {
  const rows = await tx.all<TranscriptRow>(
    "SELECT * FROM transcript_entries WHERE run_id = ? AND session_id = ? ORDER BY seq",
    input.runId,
    input.sessionId,
  );
  return rows.map(toTranscriptRecord);
}

export interface TranscriptPage {
  session: SessionRecord;
  entries: TranscriptRecord[];
  /** Position of the newest entry of the session, 0 for none. */
  lastSeq: number;
  /** Entries older than this page, after the last reset. */
  hasMore: boolean;
}

/** Procedures over transcripts (spec 3.8, 11.4). */
export const transcriptProcedures = {
  /**
   * A page counted from the newest entry (`offset` 0), or ending before `beforeSeq`. Positions are
   * without gaps, so that a page costs the same at any depth.
   */
  async page(
    tx: Transaction,
    input: { sessionKey: string; limit: number; offset?: number; beforeSeq?: number },
  ): Promise<TranscriptPage | undefined> {
    const session = await readSession(tx, input.sessionKey);
    if (!session) return undefined;
    const lastSeq = await newestSeq(tx, session.sessionId);
    const beforeSeq = input.beforeSeq ?? lastSeq + 1 - Math.max(0, input.offset ?? 0);
    const entries = await tailEntries(tx, {
      sessionId: session.sessionId,
      afterSeq: session.resetSeq,
      beforeSeq,
      limit: input.limit,
    });
    const first = entries[0];
    return { session, entries, lastSeq, hasMore: first !== undefined && first.seq > session.resetSeq + 1 };
  },

  /** Entries after a position, oldest first; one more than `limit` tells the caller there is more. */
  async after(
    tx: Transaction,
    input: { sessionKey: string; afterSeq: number; limit: number },
  ): Promise<TranscriptPage | undefined> {
    const session = await readSession(tx, input.sessionKey);
    if (!session) return undefined;
    const rows = await tx.all<TranscriptRow>(
      "SELECT * FROM transcript_entries WHERE session_id = ? AND seq > ? ORDER BY seq LIMIT ?",
      session.sessionId,
      input.afterSeq,
      Math.min(input.limit, MAX_TRANSCRIPT_PAGE) + 1,
    );
    return {
      session,
      entries: rows.slice(0, input.limit).map(toTranscriptRecord),
      lastSeq: await newestSeq(tx, session.sessionId),
      hasMore: rows.length > input.limit,
    };
  },

  async entry(tx: Transaction, input: { entryId: string }): Promise<TranscriptRecord | undefined> {
    const row = await tx.get<TranscriptRow>(
      "SELECT * FROM transcript_entries WHERE entry_id = ?",
      input.entryId,
    );
    return row && toTranscriptRecord(row);
  },

  /** Appends messages that belong to no turn, for example one put in by an operator. */
  async append(
    tx: Transaction,
    input: { sessionKey: string; entries: NewTranscriptEntry[]; now: number },
  ): Promise<TranscriptRecord[] | undefined> {
    const session = await readSession(tx, input.sessionKey);
    if (!session) return undefined;
    const written = await appendEntries(tx, {
      sessionId: session.sessionId,
      entries: input.entries,
      now: input.now,
    });
    await tx.run(
      "UPDATE sessions SET message_count = message_count + ?, updated_at = ? WHERE session_key = ?",
      written.filter((entry) => entry.type === "message").length,
      input.now,
      input.sessionKey,
    );
    return written;
  },
};

async function newestSeq(tx: Transaction, sessionId: string): Promise<number> {
  const row = await tx.get<{ seq: number }>(
    "SELECT seq FROM transcript_entries WHERE session_id = ? ORDER BY seq DESC LIMIT 1",
    sessionId,
  );
  return row?.seq ?? 0;
}
