import type { Transaction } from "../engine/types.ts";
import { bumpCounter } from "./counters.ts";
import { insertInboxRow } from "./inbox.ts";
import { type InboxRecord, type InboxRow, toInboxRecord } from "./inbox-rows.ts";
import { ingressClaims } from "./ingress-claims.ts";
import { INGRESS_PAGE_LIMIT, type QueueInput } from "./ingress-rows.ts";

/** Payload left in a completed row: only its id is needed, to know a redelivery. */
const TOMBSTONE = "null";

/**
 * A plugin's own queue of raw events (spec 1.18.12): inbox rows of kind `event`. Completed is `superseded`
 * (by what the plugin made of it), failed is `dead`.
 */
export const ingressProcedures = {
  ...ingressClaims,

  async enqueue(
    tx: Transaction,
    input: QueueInput & {
      inboxId: string;
      eventId: string;
      payload: unknown;
      metadata?: unknown;
      laneKey?: string;
      receivedAt: number;
    },
  ): Promise<{ inserted: boolean; record: InboxRecord }> {
    return insertInboxRow(tx, {
      inboxId: input.inboxId,
      kind: "event",
      channel: input.channel,
      accountId: input.accountId,
      messageId: input.eventId,
      conversation: input.laneKey ?? "",
      payload: input.payload,
      metadata: input.metadata,
      receivedAt: input.receivedAt,
    });
  },

  async list(
    tx: Transaction,
    input: QueueInput & { status: "pending" | "claimed" | "superseded" | "dead"; limit?: number },
  ): Promise<InboxRecord[]> {
    const rows = await tx.all<InboxRow>(
      `SELECT * FROM inbox WHERE channel = ? AND account_id = ? AND kind = 'event' AND status = ?
       ORDER BY ordinal LIMIT ?`,
      input.channel,
      input.accountId,
      input.status,
      Math.min(Math.max(1, input.limit ?? 100), INGRESS_PAGE_LIMIT),
    );
    return rows.map(toInboxRecord);
  },

  /**
   * Ends an event well; what stays is a tombstone without payload. With `inboxId` an event that was never
   * accepted gets one too: a second name of an event that was, done with before it comes.
   */
  async complete(
    tx: Transaction,
    input: QueueInput & { eventId: string; metadata?: unknown; now: number; inboxId?: string },
  ): Promise<boolean> {
    if (await endEvent(tx, input)) return true;
    if (input.inboxId === undefined) return false;
    const { inserted } = await insertInboxRow(tx, {
      inboxId: input.inboxId,
      kind: "event",
      channel: input.channel,
      accountId: input.accountId,
      messageId: input.eventId,
      conversation: "",
      payload: null,
      metadata: input.metadata,
      receivedAt: input.now,
    });
    return inserted && endEvent(tx, input);
  },

  async release(
    tx: Transaction,
    input: QueueInput & {
      eventId: string;
      lastError?: string;
      recordAttempt: boolean;
      availableAt: number;
    },
  ): Promise<boolean> {
    const result = await tx.run(
      `UPDATE inbox SET status = 'pending', claimed_by = NULL, claimed_at = NULL, reason = COALESCE(?, reason),
         attempts = attempts + ?, available_at = ?
       WHERE channel = ? AND account_id = ? AND kind = 'event' AND message_id = ? AND status = 'claimed'`,
      input.lastError ?? null,
      input.recordAttempt ? 1 : 0,
      input.availableAt,
      input.channel,
      input.accountId,
      input.eventId,
    );
    return result.changes === 1;
  },

  /** Ends an event badly; it keeps its payload and can be resubmitted. */
  async fail(
    tx: Transaction,
    input: QueueInput & { eventId: string; reason: string; now: number },
  ): Promise<boolean> {
    const result = await tx.run(
      `UPDATE inbox SET status = 'dead', reason = ?, settled_at = ? WHERE channel = ? AND account_id = ?
         AND kind = 'event' AND message_id = ? AND status IN ('pending', 'claimed')`,
      input.reason,
      input.now,
      input.channel,
      input.accountId,
      input.eventId,
    );
    return result.changes === 1;
  },

  async resubmit(tx: Transaction, input: QueueInput & { eventId: string; now: number }): Promise<boolean> {
    const result = await tx.run(
      `UPDATE inbox SET status = 'pending', reason = NULL, attempts = 0, claimed_by = NULL, claimed_at = NULL,
         settled_at = NULL, available_at = ?
       WHERE channel = ? AND account_id = ? AND kind = 'event' AND message_id = ? AND status = 'dead'`,
      input.now,
      input.channel,
      input.accountId,
      input.eventId,
    );
    return result.changes === 1;
  },

  async delete(tx: Transaction, input: QueueInput & { eventId: string }): Promise<boolean> {
    const result = await tx.run(
      "DELETE FROM inbox WHERE channel = ? AND account_id = ? AND kind = 'event' AND message_id = ?",
      input.channel,
      input.accountId,
      input.eventId,
    );
    if (result.changes > 0) await bumpCounter(tx, "inbox.event.trimmed", result.changes);
    return result.changes === 1;
  },

  /**
   * Gives back events whose claim is older than `staleBefore`, or of the listed ids only. A claim from as far in
   * the future was made while the clock was ahead.
   */
  async recoverStale(
    tx: Transaction,
    input: QueueInput & { staleBefore: number; eventIds?: string[]; now: number },
  ): Promise<number> {
    if (input.eventIds) {
      let count = 0;
      for (const eventId of input.eventIds.slice(0, INGRESS_PAGE_LIMIT)) {
        const result = await tx.run(
          `UPDATE inbox SET status = 'pending', claimed_by = NULL, claimed_at = NULL, available_at = ?
           WHERE channel = ? AND account_id = ? AND kind = 'event' AND message_id = ? AND status = 'claimed'`,
          input.now,
          input.channel,
          input.accountId,
          eventId,
        );
        count += result.changes;
      }
      return count;
    }
    const result = await tx.run(
      `UPDATE inbox SET status = 'pending', claimed_by = NULL, claimed_at = NULL, available_at = ?
       WHERE channel = ? AND account_id = ? AND kind = 'event' AND status = 'claimed'
         AND (claimed_at <= ? OR claimed_at > ?)`,
      input.now,
      input.channel,
      input.accountId,
      input.staleBefore,
      input.now + Math.max(0, input.now - input.staleBefore),
    );
    return result.changes;
  },

  /** Trims one queue's tombstones and failed rows by age and number. */
  async prune(
    tx: Transaction,
    input: QueueInput & { status: "superseded" | "dead"; before: number; keep: number },
  ): Promise<number> {
    const boundary = await tx.get<{ ordinal: number }>(
      `SELECT ordinal FROM inbox WHERE channel = ? AND account_id = ? AND kind = 'event' AND status = ?
       ORDER BY ordinal DESC LIMIT 1 OFFSET ?`,
      input.channel,
      input.accountId,
      input.status,
      Math.max(0, input.keep),
    );
    const result = await tx.run(
      `DELETE FROM inbox WHERE inbox_id IN (SELECT inbox_id FROM inbox WHERE channel = ? AND account_id = ?
         AND kind = 'event' AND status = ? AND (received_at < ? OR ordinal <= ?) LIMIT ?)`,
      input.channel,
      input.accountId,
      input.status,
      input.before,
      boundary?.ordinal ?? 0,
      INGRESS_PAGE_LIMIT,
    );
    if (result.changes > 0) await bumpCounter(tx, "inbox.event.trimmed", result.changes);
    return result.changes;
  },
};

async function endEvent(
  tx: Transaction,
  input: QueueInput & { eventId: string; metadata?: unknown; now: number },
): Promise<boolean> {
  const result = await tx.run(
    `UPDATE inbox SET status = 'superseded', reason = 'completed', payload = '${TOMBSTONE}',
       metadata = COALESCE(?, metadata), settled_at = ?
     WHERE channel = ? AND account_id = ? AND kind = 'event' AND message_id = ?
       AND status IN ('pending', 'claimed')`,
    input.metadata === undefined ? null : JSON.stringify(input.metadata),
    input.now,
    input.channel,
    input.accountId,
    input.eventId,
  );
  return result.changes === 1;
}
