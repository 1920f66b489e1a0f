import type { SqlValue, Transaction } from "../engine/types.ts";
import type { OutboxDraft, OutboxStatus } from "../records.ts";
import { bumpCounter, readCounter } from "./counters.ts";

export interface OutboxRecord {
  outboxId: string;
  /** Position in the order of all outbound messages; a lane sends by it. */
  ordinal: number;
  idempotencyKey: string;
  channel: string;
  accountId: string;
  to: string;
  threadId?: string;
  replyToId?: string;
  sessionKey?: string;
  runId?: string;
  status: OutboxStatus;
  reason?: string;
  /** Attempts begun, each a claim. */
  attempts: number;
  availableAt: number;
  content?: string;
  chunks: string[];
  /** Chunks the platform has taken; a further attempt goes on from here. */
  chunksSent: number;
  /** True once hooks have had their say; they are not asked again. */
  prepared: boolean;
  /** Set from the moment the current chunk may have left for the platform. */
  attemptStartedAt?: number;
  lastError?: string;
  receipt?: unknown;
  createdAt: number;
  settledAt?: number;
}

/** Rows one call may claim, recover, list or delete. */
export const OUTBOX_CLAIM_LIMIT = 64;
export const OUTBOX_PAGE_LIMIT = 500;
export const OUTBOX_TRIM_BATCH = 1_000;
/** Reason of a message that may or may not have reached the platform when the process died. */
export const UNKNOWN_AFTER_SEND = "unknown-after-send";

interface OutboxRow {
  outbox_id: string;
  ordinal: number;
  idempotency_key: string;
  channel: string;
  account_id: string;
  recipient: string;
  thread_id: string | null;
  reply_to_id: string | null;
  session_key: string | null;
  run_id: string | null;
  status: string;
  reason: string | null;
  attempts: number;
  available_at: number;
  lane_head: number;
  content: string | null;
  chunks: string;
  chunks_sent: number;
  prepared: number;
  attempt_started_at: number | null;
  last_error: string | null;
  receipt: string | null;
  created_at: number;
  settled_at: number | null;
}

const OPEN = "status IN ('queued', 'sending')";

/**
 * Inserts outbound messages in order, inside the transaction that makes them necessary. A draft whose
 * idempotency key is known changes nothing. Returns the ids that were new.
 */
export async function insertOutboxDrafts(
  tx: Transaction,
  input: { drafts: readonly OutboxDraft[]; now: number },
): Promise<string[]> {
  if (input.drafts.length === 0) return [];
  const last = await bumpCounter(tx, "outbox.ordinal", input.drafts.length);
  let ordinal = last - input.drafts.length;
  const inserted: string[] = [];
  for (const draft of input.drafts) {
    ordinal += 1;
    const row = await tx.get(
      `INSERT INTO outbox (outbox_id, ordinal, idempotency_key, channel, account_id, recipient, thread_id,
         reply_to_id, session_key, run_id, status, available_at, lane_head, content, chunks, created_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'queued', ?,
         CASE WHEN EXISTS (SELECT 1 FROM outbox WHERE channel = ? AND account_id = ? AND recipient = ? AND ${OPEN})
           THEN 0 ELSE 1 END, ?, ?, ?)
       ON CONFLICT (idempotency_key) DO NOTHING RETURNING outbox_id`,
      draft.outboxId,
      ordinal,
      draft.idempotencyKey,
      draft.channel,
      draft.accountId,
      draft.to,
      draft.threadId ?? null,
      draft.replyToId ?? null,
      draft.sessionKey ?? null,
      draft.runId ?? null,
      input.now,
      draft.channel,
      draft.accountId,
      draft.to,
      draft.content ?? null,
      JSON.stringify(draft.chunks),
      input.now,
    );
    if (row) inserted.push(draft.outboxId);
  }
  if (inserted.length > 0) await bumpCounter(tx, "outbox.accepted", inserted.length);
  return inserted;
}

export interface OutboxCounts {
  accepted: number;
  trimmed: number;
  byStatus: Record<OutboxStatus, number>;
  /** accepted = open + terminal + trimmed. */
  balanced: boolean;
}

/** Procedures over messages that have to go out (spec 14.1, DESIGN §1). */
export const outboxProcedures = {
  /** Queues messages; `inserted` lists the new ones, the rest were known by their key. */
  async enqueue(
    tx: Transaction,
    input: { drafts: OutboxDraft[]; now: number },
  ): Promise<{ inserted: string[] }> {
    return { inserted: await insertOutboxDrafts(tx, input) };
  },

  /**
   * Takes what is due for one account: at most one message per recipient, oldest first, each now
   * `sending`. `markStarted` states that the platform is called at once. `nextAt` is when the next one
   * becomes due, for the pump's timer.
   */
  async claimDue(
    tx: Transaction,
    input: { channel: string; accountId: string; now: number; limit?: number; markStarted?: boolean },
  ): Promise<{ claimed: OutboxRecord[]; nextAt?: number }> {
    const rows = await tx.all<OutboxRow>(
      `UPDATE outbox SET status = 'sending', attempts = attempts + 1, attempt_started_at = ?
       WHERE outbox_id IN (
         SELECT outbox_id FROM outbox WHERE channel = ? AND account_id = ? AND status = 'queued'
           AND lane_head = 1 AND available_at <= ? ORDER BY available_at, ordinal LIMIT ?)
       RETURNING *`,
      input.markStarted ? input.now : null,
      input.channel,
      input.accountId,
      input.now,
      Math.min(input.limit ?? OUTBOX_CLAIM_LIMIT, OUTBOX_CLAIM_LIMIT),
    );
    const next = await tx.get<{ available_at: number }>(
      `SELECT available_at FROM outbox WHERE channel = ? AND account_id = ? AND status = 'queued'
         AND lane_head = 1 ORDER BY available_at LIMIT 1`,
      input.channel,
      input.accountId,
    );
    const claimed = rows.map(toOutboxRecord).sort((a, b) => a.ordinal - b.ordinal);
    return next ? { claimed, nextAt: next.available_at } : { claimed };
  },

  /** What hooks decided before the first chunk: the final chunks. Only before anything was sent. */
  async prepare(
    tx: Transaction,
    input: { outboxId: string; chunks?: string[]; content?: string },
  ): Promise<boolean> {
    const result = await tx.run(
      `UPDATE outbox SET prepared = 1, chunks = COALESCE(?, chunks), content = COALESCE(?, content)
       WHERE outbox_id = ? AND status = 'sending' AND chunks_sent = 0`,
      input.chunks ? JSON.stringify(input.chunks) : null,
      input.content ?? null,
      input.outboxId,
    );
    return result.changes === 1;
  },

  /** Recorded before the first byte of a chunk may leave: from here on a crash makes it ambiguous. */
  async attemptStarted(tx: Transaction, input: { outboxId: string; now: number }): Promise<boolean> {
    const result = await tx.run(
      "UPDATE outbox SET attempt_started_at = ? WHERE outbox_id = ? AND status = 'sending'",
      input.now,
      input.outboxId,
    );
    return result.changes === 1;
  },

  /** One more chunk was taken by the platform; `nextStarted` states that the next is being sent already. */
  async chunkSent(
    tx: Transaction,
    input: { outboxId: string; chunksSent: number; receipt?: unknown; now: number; nextStarted?: boolean },
  ): Promise<boolean> {
    const result = await tx.run(
      `UPDATE outbox SET chunks_sent = ?, receipt = COALESCE(?, receipt), attempt_started_at = ?
       WHERE outbox_id = ? AND status = 'sending' AND chunks_sent < ?`,
      input.chunksSent,
      input.receipt === undefined ? null : JSON.stringify(input.receipt),
      input.nextStarted ? input.now : null,
      input.outboxId,
      input.chunksSent,
    );
    return result.changes === 1;
  },

  /** The last chunk was taken: the message is delivered. */
  async delivered(
    tx: Transaction,
    input: { outboxId: string; receipt: unknown; now: number },
  ): Promise<boolean> {
    const row = await tx.get<OutboxRow>(
      "SELECT * FROM outbox WHERE outbox_id = ? AND status = 'sending'",
      input.outboxId,
    );
    if (!row) return false;
    await tx.run(
      "UPDATE outbox SET chunks_sent = ?, receipt = ? WHERE outbox_id = ?",
      (JSON.parse(row.chunks) as string[]).length,
      JSON.stringify(input.receipt ?? null),
      input.outboxId,
    );
    return settle(tx, input.outboxId, "delivered", null, input.now);
  },

  /** The attempt failed without reaching the platform, or the platform asks to come again. */
  async retry(tx: Transaction, input: { outboxId: string; at: number; error: string }): Promise<boolean> {
    const result = await tx.run(
      `UPDATE outbox SET status = 'queued', available_at = ?, last_error = ?, attempt_started_at = NULL
       WHERE outbox_id = ? AND status = 'sending'`,
      input.at,
      input.error,
      input.outboxId,
    );
    return result.changes === 1;
  },

  /** Gives a claimed message back as if it had not been claimed: the account stopped before it was sent. */
  async release(tx: Transaction, input: { outboxId: string; now: number }): Promise<boolean> {
    const result = await tx.run(
      `UPDATE outbox SET status = 'queued', attempts = attempts - 1, available_at = ?, attempt_started_at = NULL
       WHERE outbox_id = ? AND status = 'sending'`,
      input.now,
      input.outboxId,
    );
    return result.changes === 1;
  },

  /** Gives up on a message. It keeps its text, so that it can be read and replayed. */
  async dead(
    tx: Transaction,
    input: { outboxId: string; reason: string; error?: string; now: number },
  ): Promise<boolean> {
    if (input.error !== undefined) {
      await tx.run(
        `UPDATE outbox SET last_error = ? WHERE outbox_id = ? AND ${OPEN}`,
        input.error,
        input.outboxId,
      );
    }
    return settle(tx, input.outboxId, "dead", input.reason, input.now);
  },

  async cancel(tx: Transaction, input: { outboxId: string; reason: string; now: number }): Promise<boolean> {
    return settle(tx, input.outboxId, "cancelled", input.reason, input.now);
  },

  /**
   * Settles what an earlier process left `sending`. An attempt that had not started goes back to the
   * queue; one that had is sent again on the channels of `resend`, and is dead with
   * {@link UNKNOWN_AFTER_SEND} elsewhere.
   */
  async recover(
    tx: Transaction,
    input: { resend: string[]; now: number; limit?: number },
  ): Promise<{ requeued: number; unknown: string[]; more: boolean }> {
    const limit = Math.min(input.limit ?? OUTBOX_PAGE_LIMIT, OUTBOX_PAGE_LIMIT);
    const rows = await tx.all<OutboxRow>(
      "SELECT * FROM outbox WHERE status = 'sending' ORDER BY ordinal LIMIT ?",
      limit,
    );
    const unknown: string[] = [];
    for (const row of rows) {
      if (row.attempt_started_at === null || input.resend.includes(row.channel)) {
        await tx.run(
          `UPDATE outbox SET status = 'queued', available_at = ?, attempt_started_at = NULL WHERE outbox_id = ?`,
          input.now,
          row.outbox_id,
        );
      } else {
        await settle(tx, row.outbox_id, "dead", UNKNOWN_AFTER_SEND, input.now);
        unknown.push(row.outbox_id);
      }
    }
    return { requeued: rows.length - unknown.length, unknown, more: rows.length === limit };
  },

  /** Puts a dead or cancelled message at the end of its lane again, from its first unsent chunk. */
  async replay(
    tx: Transaction,
    input: { outboxId: string; fromStart?: boolean; now: number },
  ): Promise<OutboxRecord | undefined> {
    const old = await tx.get<OutboxRow>(
      "SELECT * FROM outbox WHERE outbox_id = ? AND status IN ('dead', 'cancelled')",
      input.outboxId,
    );
    if (!old) return undefined;
    const ordinal = await bumpCounter(tx, "outbox.ordinal", 1);
    const row = await tx.get<OutboxRow>(
      `UPDATE outbox SET status = 'queued', reason = NULL, settled_at = NULL, attempts = 0, ordinal = ?,
         available_at = ?, attempt_started_at = NULL, chunks_sent = ?,
         lane_head = CASE WHEN EXISTS (SELECT 1 FROM outbox WHERE channel = ? AND account_id = ?
           AND recipient = ? AND ${OPEN}) THEN 0 ELSE 1 END
       WHERE outbox_id = ? RETURNING *`,
      ordinal,
      input.now,
      input.fromStart ? 0 : old.chunks_sent,
      old.channel,
      old.account_id,
      old.recipient,
      input.outboxId,
    );
    return row ? toOutboxRecord(row) : undefined;
  },

  async list(
    tx: Transaction,
    input: { status?: OutboxStatus; channel?: string; accountId?: string; limit?: number },
  ): Promise<OutboxRecord[]> {
    const where: string[] = [];
    const params: SqlValue[] = [];
    for (const [column, value] of [
      ["status", input.status],
      ["channel", input.channel],
      ["account_id", input.accountId],
    ] as const) {
      if (value === undefined) continue;
      where.push(`${column} = ?`);
      params.push(value);
    }
    const rows = await tx.all<OutboxRow>(
      `SELECT * FROM outbox ${where.length > 0 ? `WHERE ${where.join(" AND ")}` : ""} ORDER BY ordinal DESC LIMIT ?`,
      ...params,
      Math.min(Math.max(1, Math.floor(input.limit ?? 100)), OUTBOX_PAGE_LIMIT),
    );
    return rows.map(toOutboxRecord);
  },

  /** One row with everything that is known about it, by id or idempotency key. */
  async explain(
    tx: Transaction,
    input: { outboxId?: string; idempotencyKey?: string },
  ): Promise<OutboxRecord | undefined> {
    const row =
      input.outboxId !== undefined
        ? await tx.get<OutboxRow>("SELECT * FROM outbox WHERE outbox_id = ?", input.outboxId)
        : await tx.get<OutboxRow>(
            "SELECT * FROM outbox WHERE idempotency_key = ?",
            input.idempotencyKey ?? "",
          );
    return row ? toOutboxRecord(row) : undefined;
  },

  async counts(tx: Transaction, _input: Record<string, never>): Promise<OutboxCounts> {
    const byStatus: Record<OutboxStatus, number> = {
      queued: 0,
      sending: 0,
      delivered: 0,
      cancelled: 0,
      dead: 0,
    };
    let present = 0;
    const rows = await tx.all<{ status: OutboxStatus; total: number }>(
      "SELECT status, COUNT(*) AS total FROM outbox GROUP BY status",
    );
    for (const row of rows) {
      byStatus[row.status] = row.total;
      present += row.total;
    }
    const accepted = await readCounter(tx, "outbox.accepted");
    const trimmed = await readCounter(tx, "outbox.trimmed");
    return { accepted, trimmed, byStatus, balanced: accepted === present + trimmed };
  },

  /** Deletes settled rows older than `before` and beyond the newest `keep`; bounded per call. */
  async trim(
    tx: Transaction,
    input: { before: number; keep: number },
  ): Promise<{ deleted: number; more: boolean }> {
    const boundary = await tx.get<{ settled_at: number }>(
      "SELECT settled_at FROM outbox WHERE settled_at IS NOT NULL ORDER BY settled_at DESC LIMIT 1 OFFSET ?",
      Math.max(0, input.keep),
    );
    const result = await tx.run(
      `DELETE FROM outbox WHERE outbox_id IN (
         SELECT outbox_id FROM outbox WHERE settled_at IS NOT NULL AND settled_at <= ?
         ORDER BY settled_at LIMIT ?)`,
      Math.max(input.before - 1, boundary?.settled_at ?? -1),
      OUTBOX_TRIM_BATCH,
    );
    if (result.changes > 0) await bumpCounter(tx, "outbox.trimmed", result.changes);
    return { deleted: result.changes, more: result.changes === OUTBOX_TRIM_BATCH };
  },
};

/** Ends an open row and lets the next one of its lane go. */
async function settle(
  tx: Transaction,
  outboxId: string,
  status: "delivered" | "cancelled" | "dead",
  reason: string | null,
  now: number,
): Promise<boolean> {
  const row = await tx.get<OutboxRow>(
    `UPDATE outbox SET status = ?, reason = ?, settled_at = ?, lane_head = 0, attempt_started_at = NULL
     WHERE outbox_id = ? AND ${OPEN} RETURNING *`,
    status,
    reason,
    now,
    outboxId,
  );
  if (!row) return false;
  await tx.run(
    `UPDATE outbox SET lane_head = 1 WHERE outbox_id = (
       SELECT outbox_id FROM outbox WHERE channel = ? AND account_id = ? AND recipient = ? AND ${OPEN}
       ORDER BY ordinal LIMIT 1)`,
    row.channel,
    row.account_id,
    row.recipient,
  );
  return true;
}

function toOutboxRecord(row: OutboxRow): OutboxRecord {
  const record: OutboxRecord = {
    outboxId: row.outbox_id,
    ordinal: row.ordinal,
    idempotencyKey: row.idempotency_key,
    channel: row.channel,
    accountId: row.account_id,
    to: row.recipient,
    status: row.status as OutboxStatus,
    attempts: row.attempts,
    availableAt: row.available_at,
    chunks: JSON.parse(row.chunks),
    chunksSent: row.chunks_sent,
    prepared: row.prepared === 1,
    createdAt: row.created_at,
  };
  if (row.thread_id !== null) record.threadId = row.thread_id;
  if (row.reply_to_id !== null) record.replyToId = row.reply_to_id;
  if (row.session_key !== null) record.sessionKey = row.session_key;
  if (row.run_id !== null) record.runId = row.run_id;
  if (row.reason !== null) record.reason = row.reason;
  if (row.content !== null) record.content = row.content;
  if (row.attempt_started_at !== null) record.attemptStartedAt = row.attempt_started_at;
  if (row.last_error !== null) record.lastError = row.last_error;
  if (row.receipt !== null) record.receipt = JSON.parse(row.receipt);
  if (row.settled_at !== null) record.settledAt = row.settled_at;
  return record;
}
