import type { Transaction } from "../engine/types.ts";
import { bumpCounter } from "./counters.ts";
import { insertInboxRow } from "./inbox.ts";
import { type InboxRecord, type InboxRow, toInboxRecord } from "./inbox-rows.ts";

/** Rows a claim looks at for one whose lane is free. */
export const INGRESS_SCAN_LIMIT = 200;
export const INGRESS_PAGE_LIMIT = 500;
/** Payload left in a completed row: only its id is needed, to know a redelivery. */
const TOMBSTONE = "null";

/** No event is put off for longer: one that becomes due later was put off by a clock that was ahead. */
export const INGRESS_MAX_WAIT_MS = 30 * 86_400_000;

export interface QueueInput {
  channel: string;
  accountId: string;
}

/**
 * A plugin's own queue of raw events (spec 1.18.12): inbox rows of kind `event`. Completed is `superseded`
 * (by what the plugin made of it), failed is `dead`.
 */
export const ingressProcedures = {
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

  /** Claims the oldest due event whose lane is neither claimed nor blocked; a named lane is one at a time. */
  async claimNext(
    tx: Transaction,
    input: QueueInput & {
      ownerId: string;
      blockedLanes?: string[];
      candidateIds?: string[];
      scanLimit?: number;
      now: number;
    },
  ): Promise<InboxRecord | undefined> {
    const limit = Math.min(Math.max(1, input.scanLimit ?? INGRESS_SCAN_LIMIT), INGRESS_PAGE_LIMIT);
    const candidates = await tx.all<InboxRow>(
      `SELECT * FROM inbox AS head WHERE channel = ? AND account_id = ? AND kind = 'event' AND status = 'pending'
         AND (conversation = '' OR NOT EXISTS (SELECT 1 FROM inbox AS busy WHERE busy.channel = head.channel
           AND busy.account_id = head.account_id AND busy.kind = 'event' AND busy.status = 'claimed'
           AND busy.conversation = head.conversation))
       ORDER BY ordinal LIMIT ?`,
      input.channel,
      input.accountId,
      limit,
    );
    // A lane whose oldest event waits for a retry waits as a whole: order within a lane is kept.
    const held = new Set(input.blockedLanes ?? []);
    for (const row of candidates) {
      if (row.conversation !== "" && held.has(row.conversation)) continue;
      if (row.available_at > input.now && row.available_at <= input.now + INGRESS_MAX_WAIT_MS) {
        if (row.conversation !== "") held.add(row.conversation);
        continue;
      }
      if (input.candidateIds && !input.candidateIds.includes(row.message_id)) continue;
      return claimRow(tx, row.inbox_id, input.ownerId, input.now);
    }
    if (candidates.length < limit) return undefined;
    const further = (await dueHeads(tx, input, limit)).find(
      (row) => !held.has(row.conversation) && (input.candidateIds?.includes(row.message_id) ?? true),
    );
    return further && claimRow(tx, further.inbox_id, input.ownerId, input.now);
  },

  async claim(
    tx: Transaction,
    input: QueueInput & { eventId: string; ownerId: string; now: number },
  ): Promise<InboxRecord | undefined> {
    const row = await find(tx, input);
    return row?.status === "pending" ? claimRow(tx, row.inbox_id, input.ownerId, input.now) : undefined;
  },

  async refresh(tx: Transaction, input: QueueInput & { eventId: string; now: number }): Promise<boolean> {
    const result = await tx.run(
      `UPDATE inbox SET claimed_at = ? WHERE channel = ? AND account_id = ? AND kind = 'event'
         AND message_id = ? AND status = 'claimed'`,
      input.now,
      input.channel,
      input.accountId,
      input.eventId,
    );
    return result.changes === 1;
  },

  /** Ends an event well; what stays is a tombstone without payload. */
  async complete(
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

async function /**
 * The oldest due events that stand first in a free lane. However much waits behind one event that is put off, the
 * other lanes go on. Lanes are compared as expressions: their index leads through every event a lane ever had.
 */
dueHeads(tx: Transaction, input: QueueInput & { now: number }, limit: number): Promise<InboxRow[]> {
  const inQueue = (name: string, status: string) =>
    `${name}.channel = head.channel AND ${name}.account_id = head.account_id AND ${name}.kind = 'event'
       AND ${name}.status = '${status}' AND ${name}.conversation || '' = head.conversation`;
  return tx.all<InboxRow>(
    `SELECT * FROM inbox AS head WHERE channel = ? AND account_id = ? AND kind = 'event' AND status = 'pending'
       AND (available_at <= ? OR available_at > ?)
       AND (conversation = '' OR (
         NOT EXISTS (SELECT 1 FROM inbox AS busy WHERE ${inQueue("busy", "claimed")})
         AND NOT EXISTS (SELECT 1 FROM inbox AS older WHERE ${inQueue("older", "pending")}
           AND older.ordinal < head.ordinal)))
     ORDER BY ordinal LIMIT ?`,
    input.channel,
    input.accountId,
    input.now,
    input.now + INGRESS_MAX_WAIT_MS,
    limit,
  );
}

function find(tx: Transaction, input: QueueInput & { eventId: string }): Promise<InboxRow | undefined> {
  return tx.get<InboxRow>(
    "SELECT * FROM inbox WHERE channel = ? AND account_id = ? AND kind = 'event' AND message_id = ?",
    input.channel,
    input.accountId,
    input.eventId,
  );
}

async function claimRow(
  tx: Transaction,
  inboxId: string,
  ownerId: string,
  now: number,
): Promise<InboxRecord | undefined> {
  const row = await tx.get<InboxRow>(
    `UPDATE inbox SET status = 'claimed', claimed_by = ?, claimed_at = ?
     WHERE inbox_id = ? AND status = 'pending' RETURNING *`,
    ownerId,
    now,
    inboxId,
  );
  return row ? toInboxRecord(row) : undefined;
}
