import type { DeliveryTarget, OutboxMedia, OutboxStatus } from "../records.ts";

export interface OutboxRecord extends DeliveryTarget {
  outboxId: string;
  /** Position in the order of all outbound messages; a lane sends by it. */
  ordinal: number;
  idempotencyKey: string;
  sessionKey?: string;
  runId?: string;
  status: OutboxStatus;
  reason?: string;
  /** Attempts begun, each a claim. */
  attempts: number;
  availableAt: number;
  content?: string;
  chunks: string[];
  media?: OutboxMedia;
  /** Chunks the platform has taken; a further attempt goes on from here. */
  chunksSent: number;
  /** True once hooks have had their say; they are not asked again. */
  prepared: boolean;
  /** Set from the moment the current chunk may have left for the platform. */
  attemptStartedAt?: number;
  lastError?: string;
  receipt?: unknown;
  createdAt: number;
  settledAt?: number;
}

export interface OutboxRow {
  outbox_id: string;
  ordinal: number;
  idempotency_key: string;
  channel: string;
  account_id: string;
  recipient: string;
  thread_id: string | null;
  reply_to_id: string | null;
  session_key: string | null;
  run_id: string | null;
  status: string;
  reason: string | null;
  attempts: number;
  available_at: number;
  lane_head: number;
  content: string | null;
  chunks: string;
  media: string | null;
  chunks_sent: number;
  prepared: number;
  attempt_started_at: number | null;
  last_error: string | null;
  receipt: string | null;
  created_at: number;
  settled_at: number | null;
}

export function toOutboxRecord(row: OutboxRow): OutboxRecord {
  const record: OutboxRecord = {
    outboxId: row.outbox_id,
    ordinal: row.ordinal,
    idempotencyKey: row.idempotency_key,
    channel: row.channel,
    accountId: row.account_id,
    to: row.recipient,
    status: row.status as OutboxStatus,
    attempts: row.attempts,
    availableAt: row.available_at,
    chunks: JSON.parse(row.chunks),
    chunksSent: row.chunks_sent,
    prepared: row.prepared === 1,
    createdAt: row.created_at,
  };
  if (row.thread_id !== null) record.threadId = row.thread_id;
  if (row.reply_to_id !== null) record.replyToId = row.reply_to_id;
  if (row.session_key !== null) record.sessionKey = row.session_key;
  if (row.run_id !== null) record.runId = row.run_id;
  if (row.reason !== null) record.reason = row.reason;
  if (row.content !== null) record.content = row.content;
  if (row.media !== null) record.media = JSON.parse(row.media) as OutboxMedia;
  if (row.attempt_started_at !== null) record.attemptStartedAt = row.attempt_started_at;
  if (row.last_error !== null) record.lastError = row.last_error;
  if (row.receipt !== null) record.receipt = JSON.parse(row.receipt);
  if (row.settled_at !== null) record.settledAt = row.settled_at;
  return record;
}

/** What the platform gets one after the other: the chunks of the text, then the files after the first. */
export function partCount(message: { chunks: readonly string[]; media?: OutboxMedia }): number {
  const files = message.media?.urls.length ?? 0;
  return Math.max(message.chunks.length, files > 0 ? 1 : 0) + Math.max(files - 1, 0);
}

/** SQL: the message has not ended. */
export const OUTBOX_OPEN = "status IN ('queued', 'sending')";
