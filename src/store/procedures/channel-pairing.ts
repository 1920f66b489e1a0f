import type { Transaction } from "../engine/types.ts";
import type { OutboxDraft } from "../records.ts";
import { settleInboxRow } from "./inbox.ts";
import { insertOutboxDrafts } from "./outbox-drafts.ts";

export interface PairingRecord {
  channel: string;
  accountId: string;
  senderId: string;
  status: "pending" | "approved";
  code: string;
  meta?: Record<string, unknown>;
  createdAt: number;
  lastSeenAt: number;
  expiresAt?: number;
}

/** Unknown senders that may wait for a decision per channel account (spec 1.6). */
export const MAX_PENDING_PAIRINGS = 3;
/** How long a pairing code can be approved. */
export const PAIRING_CODE_LIFETIME_MS = 3_600_000;
const PAGE_LIMIT = 1_000;

interface PairingRow {
  channel: string;
  account_id: string;
  sender_id: string;
  status: string;
  code: string;
  meta: string | null;
  created_at: number;
  last_seen_at: number;
  expires_at: number | null;
}

export const channelPairingProcedures = {
  /**
   * Notes that an unknown sender wrote. The first time the request is created and `reply`, the message
   * that carries the code, is queued; later only the time is refreshed. `full` means that too many others
   * wait. An inbox row, if named, is settled in the same transaction.
   */
  async request(
    tx: Transaction,
    input: {
      channel: string;
      accountId: string;
      senderId: string;
      code: string;
      meta?: Record<string, unknown>;
      reply?: OutboxDraft;
      inboxId?: string;
      now: number;
    },
  ): Promise<{ code: string; created: boolean; state: "pending" | "approved" | "full" }> {
    await tx.run(
      `DELETE FROM channel_pairing WHERE channel = ? AND account_id = ? AND status = 'pending' AND expires_at <= ?`,
      input.channel,
      input.accountId,
      input.now,
    );
    const known = await tx.get<PairingRow>(
      `UPDATE channel_pairing SET last_seen_at = ? WHERE channel = ? AND account_id = ? AND sender_id = ?
       RETURNING *`,
      input.now,
      input.channel,
      input.accountId,
      input.senderId,
    );
    let result: { code: string; created: boolean; state: "pending" | "approved" | "full" };
    if (known) {
      result = { code: known.code, created: false, state: known.status as "pending" | "approved" };
    } else {
      const waiting = await tx.get<{ total: number }>(
        `SELECT COUNT(*) AS total FROM channel_pairing WHERE channel = ? AND account_id = ? AND status = 'pending'`,
        input.channel,
        input.accountId,
      );
      if ((waiting?.total ?? 0) >= MAX_PENDING_PAIRINGS) {
        result = { code: "", created: false, state: "full" };
      } else {
        await tx.run(
          `INSERT INTO channel_pairing (channel, account_id, sender_id, status, code, meta, created_at,
             last_seen_at, expires_at) VALUES (?, ?, ?, 'pending', ?, ?, ?, ?, ?)`,
          input.channel,
          input.accountId,
          input.senderId,
          input.code,
          input.meta === undefined ? null : JSON.stringify(input.meta),
          input.now,
          input.now,
          input.now + PAIRING_CODE_LIFETIME_MS,
        );
        if (input.reply) await insertOutboxDrafts(tx, { drafts: [input.reply], now: input.now });
        result = { code: input.code, created: true, state: "pending" };
      }
    }
    if (input.inboxId !== undefined) {
      await settleInboxRow(tx, {
        inboxId: input.inboxId,
        status: "ignored",
        reason: result.state === "full" ? "pairing-queue-full" : "pairing-required",
        now: input.now,
      });
    }
    return result;
  },

  /** Turns a waiting request into an approved sender. `undefined` for an unknown or expired code. */
  async approve(
    tx: Transaction,
    input: { channel: string; accountId?: string; code: string; now: number },
  ): Promise<PairingRecord | undefined> {
    const row = await tx.get<PairingRow>(
      `SELECT * FROM channel_pairing WHERE channel = ? AND code = ? AND status = 'pending' AND expires_at > ?
         AND (? = '' OR account_id = ?) ORDER BY created_at LIMIT 1`,
      input.channel,
      input.code.trim().toUpperCase(),
      input.now,
      input.accountId ?? "",
      input.accountId ?? "",
    );
    if (!row) return undefined;
    const approved = await tx.get<PairingRow>(
      `UPDATE channel_pairing SET status = 'approved', expires_at = NULL, last_seen_at = ?
       WHERE channel = ? AND account_id = ? AND sender_id = ? RETURNING *`,
      input.now,
      row.channel,
      row.account_id,
      row.sender_id,
    );
    return approved ? toPairingRecord(approved) : undefined;
  },

  async dismiss(
    tx: Transaction,
    input: { channel: string; accountId?: string; code: string },
  ): Promise<boolean> {
    const result = await tx.run(
      `DELETE FROM channel_pairing WHERE channel = ? AND code = ? AND status = 'pending'
         AND (? = '' OR account_id = ?)`,
      input.channel,
      input.code.trim().toUpperCase(),
      input.accountId ?? "",
      input.accountId ?? "",
    );
    return result.changes > 0;
  },

  async list(
    tx: Transaction,
    input: { status?: "pending" | "approved"; channel?: string; accountId?: string; now: number },
  ): Promise<PairingRecord[]> {
    const rows = await tx.all<PairingRow>(
      `SELECT * FROM channel_pairing WHERE status = ? AND (? = '' OR channel = ?) AND (? = '' OR account_id = ?)
         AND (expires_at IS NULL OR expires_at > ?) ORDER BY created_at LIMIT ?`,
      input.status ?? "pending",
      input.channel ?? "",
      input.channel ?? "",
      input.accountId ?? "",
      input.accountId ?? "",
      input.now,
      PAGE_LIMIT,
    );
    return rows.map(toPairingRecord);
  },

  /** Those of the given senders that are approved. */
  async approvedAmong(
    tx: Transaction,
    input: { channel: string; accountId: string; senderIds: string[] },
  ): Promise<string[]> {
    const approved: string[] = [];
    for (const senderId of input.senderIds) {
      const row = await tx.get(
        `SELECT 1 AS found FROM channel_pairing WHERE channel = ? AND account_id = ? AND sender_id = ?
           AND status = 'approved'`,
        input.channel,
        input.accountId,
        senderId,
      );
      if (row) approved.push(senderId);
    }
    return approved;
  },

  /** Adds an approved sender without a request. */
  async allow(
    tx: Transaction,
    input: { channel: string; accountId: string; senderId: string; now: number },
  ): Promise<boolean> {
    const result = await tx.run(
      `INSERT INTO channel_pairing (channel, account_id, sender_id, status, code, created_at, last_seen_at)
       VALUES (?, ?, ?, 'approved', '', ?, ?)
       ON CONFLICT (channel, account_id, sender_id) DO UPDATE SET status = 'approved', expires_at = NULL`,
      input.channel,
      input.accountId,
      input.senderId,
      input.now,
      input.now,
    );
    return result.changes > 0;
  },

  async revoke(
    tx: Transaction,
    input: { channel: string; accountId: string; senderId: string },
  ): Promise<boolean> {
    const result = await tx.run(
      "DELETE FROM channel_pairing WHERE channel = ? AND account_id = ? AND sender_id = ? AND status = 'approved'",
      input.channel,
      input.accountId,
      input.senderId,
    );
    return result.changes > 0;
  },
};

function toPairingRecord(row: PairingRow): PairingRecord {
  const record: PairingRecord = {
    channel: row.channel,
    accountId: row.account_id,
    senderId: row.sender_id,
    status: row.status as "pending" | "approved",
    code: row.code,
    createdAt: row.created_at,
    lastSeenAt: row.last_seen_at,
  };
  if (row.meta !== null) record.meta = JSON.parse(row.meta);
  if (row.expires_at !== null) record.expiresAt = row.expires_at;
  return record;
}
