import { SluiceError } from "../../kernel/errors.ts";
import type { StoreErrorCode, Transaction } from "../engine/types.ts";
import { bumpCounter } from "./counters.ts";
import { pageLimit } from "./delivery-listing.ts";
import { inboxListing } from "./inbox-listing.ts";
import {
  type InboxKind,
  type InboxRecord,
  type InboxRow,
  type TerminalInboxStatus,
  toInboxRecord,
} from "./inbox-rows.ts";

/**
 * Links an inbox row to the turn that will answer it. Called inside the transaction that records the turn.
 * Repeating the call for the same run changes nothing.
 *
 * @throws SluiceError `STORE_CONFLICT` when the row is missing, settled, or belongs to another run
 */
export async function claimInboxForTurn(
  tx: Transaction,
  input: { inboxId: string; runId: string; sessionKey: string; now: number },
): Promise<void> {
  const claimed = await tx.run(
    `UPDATE inbox SET status = 'claimed', run_id = ?, session_key = ?, claimed_at = ?
     WHERE inbox_id = ? AND (status = 'pending' OR (status = 'claimed' AND run_id = ?))`,
    input.runId,
    input.sessionKey,
    input.now,
    input.inboxId,
    input.runId,
  );
  if (claimed.changes === 1) return;
  const row = await tx.get<InboxRow>("SELECT * FROM inbox WHERE inbox_id = ?", input.inboxId);
  throw new SluiceError<StoreErrorCode>(
    "STORE_CONFLICT",
    row
      ? `inbox row ${input.inboxId} is ${row.status} and cannot start run ${input.runId}`
      : `inbox row ${input.inboxId} does not exist; record the message first`,
    { details: { inboxId: input.inboxId, status: row?.status, runId: row?.run_id } },
  );
}

/** Ends an open inbox row. False when it had ended before: a terminal state never changes here. */
export async function settleInboxRow(
  tx: Transaction,
  input: { inboxId: string; status: TerminalInboxStatus; reason?: string; now: number },
): Promise<boolean> {
  const result = await tx.run(
    `UPDATE inbox SET status = ?, reason = ?, settled_at = ?
     WHERE inbox_id = ? AND status IN ('pending', 'claimed')`,
    input.status,
    input.reason ?? null,
    input.now,
    input.inboxId,
  );
  return result.changes === 1;
}

export interface AcceptInboxInput {
  inboxId: string;
  kind?: InboxKind;
  channel: string;
  accountId: string;
  messageId: string;
  conversation: string;
  /** JSON. */
  payload: unknown;
  metadata?: unknown;
  receivedAt: number;
  availableAt?: number;
}

/** Inserts a row, or reports the one that is there already (same channel, account, kind and message id). */
export async function insertInboxRow(
  tx: Transaction,
  input: AcceptInboxInput,
): Promise<{ inserted: boolean; record: InboxRecord }> {
  const kind = input.kind ?? "message";
  const inserted = await tx.get<InboxRow>(
    `INSERT INTO inbox (inbox_id, ordinal, kind, channel, account_id, message_id, conversation, status,
       available_at, payload, metadata, received_at)
     VALUES (?, (SELECT COALESCE(MAX(value), 0) + 1 FROM counters WHERE name = ?), ?, ?, ?, ?, ?, 'pending',
       ?, ?, ?, ?)
     ON CONFLICT (channel, account_id, kind, message_id) DO NOTHING RETURNING *`,
    input.inboxId,
    `inbox.${kind}.accepted`,
    kind,
    input.channel,
    input.accountId,
    input.messageId,
    input.conversation,
    input.availableAt ?? input.receivedAt,
    JSON.stringify(input.payload ?? null),
    input.metadata === undefined ? null : JSON.stringify(input.metadata),
    input.receivedAt,
  );
  if (inserted) {
    await bumpCounter(tx, `inbox.${kind}.accepted`, 1);
    return { inserted: true, record: toInboxRecord(inserted) };
  }
  const existing = await tx.get<InboxRow>(
    "SELECT * FROM inbox WHERE channel = ? AND account_id = ? AND kind = ? AND message_id = ?",
    input.channel,
    input.accountId,
    kind,
    input.messageId,
  );
  return { inserted: false, record: toInboxRecord(existing as InboxRow) };
}

/** Procedures over messages that came in (spec 14.2, DESIGN §1). */
export const inboxProcedures = {
  ...inboxListing,

  accept: insertInboxRow,

  /** Open messages, oldest first: what a restart goes on with. */
  async open(
    tx: Transaction,
    input: {
      status?: "pending" | "claimed";
      afterOrdinal?: number;
      limit?: number;
    },
  ): Promise<InboxRecord[]> {
    const rows = await tx.all<InboxRow>(
      `SELECT * FROM inbox WHERE kind = 'message' AND status = ? AND ordinal > ? ORDER BY ordinal LIMIT ?`,
      input.status ?? "pending",
      input.afterOrdinal ?? 0,
      pageLimit(input.limit),
    );
    return rows.map(toInboxRecord);
  },

  async ignore(tx: Transaction, input: { inboxId: string; reason: string; now: number }): Promise<boolean> {
    return settleInboxRow(tx, { ...input, status: "ignored" });
  },

  async dead(tx: Transaction, input: { inboxId: string; reason: string; now: number }): Promise<boolean> {
    return settleInboxRow(tx, { ...input, status: "dead" });
  },

  async supersede(tx: Transaction, input: { inboxId: string; by: string; now: number }): Promise<boolean> {
    return settleInboxRow(tx, {
      inboxId: input.inboxId,
      status: "superseded",
      reason: `by:${input.by}`,
      now: input.now,
    });
  },

  /** Several messages become one: the survivor gets the merged payload, the others are superseded by it. */
  async merge(
    tx: Transaction,
    input: { into: string; inboxIds: string[]; payload: unknown; now: number },
  ): Promise<boolean> {
    const kept = await tx.run(
      "UPDATE inbox SET payload = ? WHERE inbox_id = ? AND status = 'pending'",
      JSON.stringify(input.payload ?? null),
      input.into,
    );
    if (kept.changes === 0) return false;
    for (const inboxId of input.inboxIds) {
      if (inboxId === input.into) continue;
      await settleInboxRow(tx, {
        inboxId,
        status: "superseded",
        reason: `by:${input.into}`,
        now: input.now,
      });
    }
    return true;
  },

  /** Notes a failed attempt to start a turn; the row stays open and is due again at `availableAt`. */
  async defer(
    tx: Transaction,
    input: { inboxId: string; reason: string; availableAt: number },
  ): Promise<{ attempts: number } | undefined> {
    return tx.get<{ attempts: number }>(
      `UPDATE inbox SET attempts = attempts + 1, reason = ?, available_at = ?
       WHERE inbox_id = ? AND status = 'pending' RETURNING attempts`,
      input.reason,
      input.availableAt,
      input.inboxId,
    );
  },

  /**
   * Tries a settled message again as a new row (`<message id>#replay-<time>`): a turn that ended stays ended.
   * The old row becomes superseded by the new one. `undefined` when there is no such settled row.
   */
  async replay(
    tx: Transaction,
    input: { inboxId: string; newInboxId: string; now: number },
  ): Promise<InboxRecord | undefined> {
    const old = await tx.get<InboxRow>(
      "SELECT * FROM inbox WHERE inbox_id = ? AND kind = 'message' AND status IN ('dead', 'ignored')",
      input.inboxId,
    );
    if (!old) return undefined;
    const { record } = await insertInboxRow(tx, {
      inboxId: input.newInboxId,
      channel: old.channel,
      accountId: old.account_id,
      messageId: `${old.message_id}#replay-${input.now}`,
      conversation: old.conversation,
      payload: JSON.parse(old.payload),
      receivedAt: input.now,
    });
    await tx.run(
      "UPDATE inbox SET status = 'superseded', reason = ?, settled_at = ? WHERE inbox_id = ?",
      `by:${record.inboxId}`,
      input.now,
      input.inboxId,
    );
    return record;
  },
};
