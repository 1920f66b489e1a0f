import type { Transaction } from "../engine/types.ts";
import { UNKNOWN_AFTER_SEND } from "../records.ts";
import { bumpCounter } from "./counters.ts";
import { OUTBOX_OPEN, type OutboxRecord, type OutboxRow, partCount, toOutboxRecord } from "./outbox-rows.ts";

/** Rows one call may recover. */
const OUTBOX_RECOVER_LIMIT = 500;

/** How messages end, in this process or after an earlier one, and begin again. */
export const outboxEndings = {
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

  /** Gives up on a message. It keeps its text, so that it can be read and replayed. */
  async dead(
    tx: Transaction,
    input: { outboxId: string; reason: string; error?: string; now: number },
  ): Promise<boolean> {
    if (input.error !== undefined) {
      await tx.run(
        `UPDATE outbox SET last_error = ? WHERE outbox_id = ? AND ${OUTBOX_OPEN}`,
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
           AND recipient = ? AND ${OUTBOX_OPEN}) THEN 0 ELSE 1 END
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
     WHERE outbox_id = ? AND ${OUTBOX_OPEN} RETURNING *`,
    status,
    reason,
    now,
    outboxId,
  );
  if (!row) return false;
  await tx.run(
    `UPDATE outbox SET lane_head = 1 WHERE outbox_id = (
       SELECT outbox_id FROM outbox WHERE channel = ? AND account_id = ? AND recipient = ? AND ${OUTBOX_OPEN}
       ORDER BY ordinal LIMIT 1)`,
    row.channel,
    row.account_id,
    row.recipient,
  );
  return true;
}
