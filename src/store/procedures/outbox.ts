import type { Transaction } from "../engine/types.ts";
import { DELIVERY_PAGE_LIMIT, type OutboxDraft, type OutboxMedia, UNKNOWN_AFTER_SEND } from "../records.ts";
import { bumpCounter } from "./counters.ts";
import { outboxListing } from "./outbox-listing.ts";
import { type OutboxRecord, type OutboxRow, partCount, toOutboxRecord } from "./outbox-rows.ts";

/** Rows one call may claim. */
const OUTBOX_CLAIM_LIMIT = 64;
/** Rows one call may recover. */
const OUTBOX_RECOVER_LIMIT = 500;

/** No message is put off for longer: one that becomes due later was put off by a clock that was ahead. */
export const OUTBOX_MAX_WAIT_MS = 2 * 86_400_000;

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
         reply_to_id, session_key, run_id, status, available_at, lane_head, content, chunks, media, created_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'queued', ?,
         CASE WHEN EXISTS (SELECT 1 FROM outbox WHERE channel = ? AND account_id = ? AND recipient = ? AND ${OPEN})
           THEN 0 ELSE 1 END, ?, ?, ?, ?)
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
      draft.media ? JSON.stringify(draft.media) : null,
      input.now,
    );
    if (row) inserted.push(draft.outboxId);
  }
  if (inserted.length > 0) await bumpCounter(tx, "outbox.accepted", inserted.length);
  return inserted;
}

/** Procedures over messages that have to go out (spec 14.1, DESIGN §1). */
export const outboxProcedures = {
  ...outboxListing,

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
    if (!next) return { claimed };
    return { claimed, nextAt: (await dueAgain(tx, input)) ? input.now : next.available_at };
  },

  /** What hooks decided before the first chunk: the final chunks and files. Only before anything was sent. */
  async prepare(
    tx: Transaction,
    input: { outboxId: string; chunks?: string[]; content?: string; media?: OutboxMedia },
  ): Promise<boolean> {
    const result = await tx.run(
      `UPDATE outbox SET prepared = 1, chunks = COALESCE(?, chunks), content = COALESCE(?, content),
         media = COALESCE(?, media)
       WHERE outbox_id = ? AND status = 'sending' AND chunks_sent = 0`,
      input.chunks ? JSON.stringify(input.chunks) : null,
      input.content ?? null,
      input.media ? JSON.stringify(input.media) : null,
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
      partCount(toOutboxRecord(row)),
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

  /** Lets waiting messages go now instead of after their pause. Returns how many were waiting. */
  async hasten(tx: Transaction, input: { outboxIds: readonly string[]; now: number }): Promise<number> {
    const ids = input.outboxIds.slice(0, DELIVERY_PAGE_LIMIT);
    if (ids.length === 0) return 0;
    const result = await tx.run(
      `UPDATE outbox SET available_at = ? WHERE status = 'queued' AND available_at > ?
         AND outbox_id IN (${ids.map(() => "?").join(", ")})`,
      input.now,
      input.now,
      ...ids,
    );
    return result.changes;
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
    const limit = Math.min(input.limit ?? OUTBOX_RECOVER_LIMIT, OUTBOX_RECOVER_LIMIT);
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
};

/** Makes due what waits for a time that a wrong clock made up. True when there was something. */
async function dueAgain(
  tx: Transaction,
  input: { channel: string; accountId: string; now: number },
): Promise<boolean> {
  const { channel, accountId, now } = input;
  const last = await tx.get<{ available_at: number }>(
    `SELECT available_at FROM outbox WHERE channel = ? AND account_id = ? AND status = 'queued'
       AND lane_head = 1 ORDER BY available_at DESC LIMIT 1`,
    channel,
    accountId,
  );
  if (!last || last.available_at <= now + OUTBOX_MAX_WAIT_MS) return false;
  await tx.run(
    `UPDATE outbox SET available_at = ? WHERE channel = ? AND account_id = ? AND status = 'queued'
       AND lane_head = 1 AND available_at > ?`,
    now,
    channel,
    accountId,
    now + OUTBOX_MAX_WAIT_MS,
  );
  return true;
}

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
