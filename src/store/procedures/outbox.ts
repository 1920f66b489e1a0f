import type { Transaction } from "../engine/types.ts";
import { DELIVERY_PAGE_LIMIT, type OutboxDraft, type OutboxMedia } from "../records.ts";
import { insertOutboxDrafts } from "./outbox-drafts.ts";
import { outboxEndings } from "./outbox-endings.ts";
import { outboxListing } from "./outbox-listing.ts";
import { type OutboxRecord, type OutboxRow, toOutboxRecord } from "./outbox-rows.ts";

/** Rows one call may claim. */
const OUTBOX_CLAIM_LIMIT = 64;

/** No message is put off for longer: one that becomes due later was put off by a clock that was ahead. */
export const OUTBOX_MAX_WAIT_MS = 2 * 86_400_000;

/** Procedures over messages that have to go out (spec 14.1, DESIGN §1). */
export const outboxProcedures = {
  ...outboxListing,
  ...outboxEndings,

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
