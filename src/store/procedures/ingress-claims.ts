import type { Transaction } from "../engine/types.ts";
import { type InboxRecord, type InboxRow, toInboxRecord } from "./inbox-rows.ts";
import { findEvent, INGRESS_PAGE_LIMIT, type QueueInput } from "./ingress-rows.ts";

/** Rows a claim looks at for one whose lane is free. */
export const INGRESS_SCAN_LIMIT = 200;

/** No event is put off for longer: one that becomes due later was put off by a clock that was ahead. */
export const INGRESS_MAX_WAIT_MS = 30 * 86_400_000;

/** Which event is taken next, and by whom. */
export const ingressClaims = {
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
    const row = await findEvent(tx, input);
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
};

/**
 * The oldest due events that stand first in a free lane. However much waits behind one event that is put off, the
 * other lanes go on. Lanes are compared as expressions: their index leads through every event a lane ever had.
 */
function dueHeads(tx: Transaction, input: QueueInput & { now: number }, limit: number): Promise<InboxRow[]> {
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
