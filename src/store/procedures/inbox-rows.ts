import type { InboxStatus } from "../records.ts";

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
