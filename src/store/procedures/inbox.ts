import { SluiceError } from "../../kernel/errors.ts";
import type { StoreErrorCode, Transaction } from "../engine/types.ts";
import type { InboxStatus } from "../records.ts";
import { bumpCounter, readCounter } from "./counters.ts";

/** What an inbox row stands for: a message as the pipeline sees it, or a raw event of a plugin's own queue. */
export type InboxKind = "message" | "event";

export interface InboxRecord {
  inboxId: string;
  /** Position in the order in which rows of this kind were recorded. */
  ordinal: number;
  kind: InboxKind;
  channel: string;
  accountId: string;
  /** The platform's message id, or the event id of a plugin queue. */
  messageId: string;
  /** Messages of one conversation are handled in order. For events: the lane key. */
  conversation: string;
  sessionKey?: string;
  runId?: string;
  status: InboxStatus;
  reason?: string;
  attempts: number;
  availableAt: number;
  payload: unknown;
  metadata?: unknown;
  claimedBy?: string;
  claimedAt?: number;
  receivedAt: number;
  settledAt?: number;
}

export type TerminalInboxStatus = Exclude<InboxStatus, "pending" | "claimed">;

export interface InboxRow {
  inbox_id: string;
  ordinal: number;
  kind: string;
  channel: string;
  account_id: string;
  message_id: string;
  conversation: string;
  session_key: string | null;
  run_id: string | null;
  status: string;
  reason: string | null;
  attempts: number;
  available_at: number;
  payload: string;
  metadata: string | null;
  claimed_by: string | null;
  claimed_at: number | null;
  received_at: number;
  settled_at: number | null;
}

/** Rows one call of a trim may delete; the sweep calls again while there is more. */
export const INBOX_TRIM_BATCH = 1_000;
/** Rows one call of `list`, `open` or `history` may return. */
export const INBOX_PAGE_LIMIT = 500;

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

export interface InboxCounts {
  /** Rows ever inserted, from a counter of its own. */
  accepted: number;
  /** Settled rows removed by retention. */
  trimmed: number;
  byStatus: Record<InboxStatus, number>;
  /** accepted = open + terminal + trimmed. */
  balanced: boolean;
}

/** Procedures over messages that came in (spec 14.2, DESIGN §1). */
export const inboxProcedures = {
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

  async list(
    tx: Transaction,
    input: { status?: InboxStatus; channel?: string; accountId?: string; kind?: InboxKind; limit?: number },
  ): Promise<InboxRecord[]> {
    const where: string[] = ["kind = ?"];
    const params: string[] = [input.kind ?? "message"];
    for (const [column, value] of [
      ["status", input.status],
      ["channel", input.channel],
      ["account_id", input.accountId],
    ] as const) {
      if (value === undefined) continue;
      where.push(`${column} = ?`);
      params.push(value);
    }
    const rows = await tx.all<InboxRow>(
      `SELECT * FROM inbox WHERE ${where.join(" AND ")} ORDER BY ordinal DESC LIMIT ?`,
      ...params,
      pageLimit(input.limit),
    );
    return rows.map(toInboxRecord);
  },

  /** One row with everything that is known about it. */
  async explain(tx: Transaction, input: { inboxId: string }): Promise<InboxRecord | undefined> {
    const row = await tx.get<InboxRow>("SELECT * FROM inbox WHERE inbox_id = ?", input.inboxId);
    return row ? toInboxRecord(row) : undefined;
  },

  /**
   * Messages of a conversation that started no turn since the last one that did, oldest first: the
   * context of the next turn (spec 1.18.5).
   */
  async history(
    tx: Transaction,
    input: {
      channel: string;
      accountId: string;
      conversation: string;
      reason: string;
      limit: number;
      /** The ordinal of the message whose history this is. */
      beforeOrdinal: number;
    },
  ): Promise<InboxRecord[]> {
    const last = await tx.get<{ ordinal: number }>(
      `SELECT ordinal FROM inbox WHERE channel = ? AND account_id = ? AND conversation = ?
         AND kind = 'message' AND run_id IS NOT NULL AND ordinal < ? ORDER BY ordinal DESC LIMIT 1`,
      input.channel,
      input.accountId,
      input.conversation,
      input.beforeOrdinal,
    );
    const rows = await tx.all<InboxRow>(
      `SELECT * FROM inbox WHERE channel = ? AND account_id = ? AND conversation = ? AND kind = 'message'
         AND ordinal > ? AND ordinal < ? AND status = 'ignored' AND reason = ? ORDER BY ordinal DESC LIMIT ?`,
      input.channel,
      input.accountId,
      input.conversation,
      last?.ordinal ?? 0,
      input.beforeOrdinal,
      input.reason,
      pageLimit(input.limit),
    );
    return rows.reverse().map(toInboxRecord);
  },

  async counts(tx: Transaction, input: { kind?: InboxKind }): Promise<InboxCounts> {
    const kind = input.kind ?? "message";
    const byStatus: Record<InboxStatus, number> = {
      pending: 0,
      claimed: 0,
      answered: 0,
      ignored: 0,
      superseded: 0,
      dead: 0,
    };
    let present = 0;
    const rows = await tx.all<{ status: InboxStatus; total: number }>(
      "SELECT status, COUNT(*) AS total FROM inbox WHERE kind = ? GROUP BY status",
      kind,
    );
    for (const row of rows) {
      byStatus[row.status] = row.total;
      present += row.total;
    }
    const accepted = await readCounter(tx, `inbox.${kind}.accepted`);
    const trimmed = await readCounter(tx, `inbox.${kind}.trimmed`);
    return { accepted, trimmed, byStatus, balanced: accepted === present + trimmed };
  },

  /**
   * Deletes settled rows: those settled before `before`, and the oldest beyond the newest `keep`. At most
   * {@link INBOX_TRIM_BATCH} per call; `more` tells to call again.
   */
  async trim(
    tx: Transaction,
    input: { before: number; keep: number },
  ): Promise<{ deleted: number; more: boolean }> {
    const boundary = await tx.get<{ settled_at: number }>(
      `SELECT settled_at FROM inbox WHERE settled_at IS NOT NULL ORDER BY settled_at DESC LIMIT 1 OFFSET ?`,
      Math.max(0, input.keep),
    );
    const limit = Math.max(input.before - 1, boundary?.settled_at ?? -1);
    const gone = await tx.all<{ kind: InboxKind }>(
      `DELETE FROM inbox WHERE inbox_id IN (
         SELECT inbox_id FROM inbox WHERE settled_at IS NOT NULL AND settled_at <= ?
         ORDER BY settled_at LIMIT ?) RETURNING kind`,
      limit,
      INBOX_TRIM_BATCH,
    );
    for (const kind of ["message", "event"] as const) {
      const count = gone.filter((row) => row.kind === kind).length;
      if (count > 0) await bumpCounter(tx, `inbox.${kind}.trimmed`, count);
    }
    return { deleted: gone.length, more: gone.length === INBOX_TRIM_BATCH };
  },
};

export function toInboxRecord(row: InboxRow): InboxRecord {
  const record: InboxRecord = {
    inboxId: row.inbox_id,
    ordinal: row.ordinal,
    kind: row.kind as InboxKind,
    channel: row.channel,
    accountId: row.account_id,
    messageId: row.message_id,
    conversation: row.conversation,
    status: row.status as InboxStatus,
    attempts: row.attempts,
    availableAt: row.available_at,
    payload: JSON.parse(row.payload),
    receivedAt: row.received_at,
  };
  if (row.session_key !== null) record.sessionKey = row.session_key;
  if (row.run_id !== null) record.runId = row.run_id;
  if (row.reason !== null) record.reason = row.reason;
  if (row.metadata !== null) record.metadata = JSON.parse(row.metadata);
  if (row.claimed_by !== null) record.claimedBy = row.claimed_by;
  if (row.claimed_at !== null) record.claimedAt = row.claimed_at;
  if (row.settled_at !== null) record.settledAt = row.settled_at;
  return record;
}

function pageLimit(limit: number | undefined): number {
  return Math.min(Math.max(1, Math.floor(limit ?? 100)), INBOX_PAGE_LIMIT);
}
