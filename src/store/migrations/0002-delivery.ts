import type { Migration } from "../engine/types.ts";

/** What came in from channels and what has to go out to them. */
export const delivery: Migration = {
  version: 2,
  name: "delivery",
  checksum: "cb36787fb2278a3c60d9f2feb496e2f0584ee70c41f4d1f58808b60794be1192",
  sql: `
CREATE TABLE inbox (
  inbox_id TEXT NOT NULL PRIMARY KEY,
  ordinal BIGINT NOT NULL,
  kind TEXT NOT NULL,
  channel TEXT NOT NULL,
  account_id TEXT NOT NULL,
  message_id TEXT NOT NULL,
  conversation TEXT NOT NULL,
  session_key TEXT,
  run_id TEXT,
  status TEXT NOT NULL,
  reason TEXT,
  attempts BIGINT NOT NULL DEFAULT 0,
  available_at BIGINT NOT NULL,
  payload TEXT NOT NULL,
  metadata TEXT,
  claimed_by TEXT,
  claimed_at BIGINT,
  received_at BIGINT NOT NULL,
  settled_at BIGINT
);
CREATE UNIQUE INDEX inbox_once ON inbox (channel, account_id, kind, message_id);
CREATE INDEX inbox_open ON inbox (kind, status, ordinal) WHERE status IN ('pending', 'claimed');
CREATE INDEX inbox_by_queue ON inbox (channel, account_id, kind, status, ordinal);
CREATE INDEX inbox_by_conversation ON inbox (channel, account_id, conversation, ordinal);
CREATE INDEX inbox_by_status ON inbox (kind, status, ordinal);
CREATE INDEX inbox_by_ordinal ON inbox (kind, ordinal);
CREATE INDEX inbox_settled ON inbox (settled_at) WHERE settled_at IS NOT NULL;

CREATE TABLE outbox (
  outbox_id TEXT NOT NULL PRIMARY KEY,
  ordinal BIGINT NOT NULL,
  idempotency_key TEXT NOT NULL,
  channel TEXT NOT NULL,
  account_id TEXT NOT NULL,
  recipient TEXT NOT NULL,
  thread_id TEXT,
  reply_to_id TEXT,
  session_key TEXT,
  run_id TEXT,
  status TEXT NOT NULL,
  reason TEXT,
  attempts BIGINT NOT NULL DEFAULT 0,
  available_at BIGINT NOT NULL,
  lane_head BIGINT NOT NULL DEFAULT 0,
  content TEXT,
  chunks TEXT NOT NULL,
  chunks_sent BIGINT NOT NULL DEFAULT 0,
  prepared BIGINT NOT NULL DEFAULT 0,
  attempt_started_at BIGINT,
  last_error TEXT,
  receipt TEXT,
  created_at BIGINT NOT NULL,
  settled_at BIGINT
);
CREATE UNIQUE INDEX outbox_once ON outbox (idempotency_key);
CREATE INDEX outbox_due ON outbox (channel, account_id, available_at, ordinal) WHERE status = 'queued' AND lane_head = 1;
CREATE INDEX outbox_lane ON outbox (channel, account_id, recipient, ordinal) WHERE status IN ('queued', 'sending');
CREATE INDEX outbox_by_status ON outbox (status, ordinal);
CREATE INDEX outbox_settled ON outbox (settled_at) WHERE settled_at IS NOT NULL;

CREATE TABLE channel_pairing (
  channel TEXT NOT NULL,
  account_id TEXT NOT NULL,
  sender_id TEXT NOT NULL,
  status TEXT NOT NULL,
  code TEXT NOT NULL,
  meta TEXT,
  created_at BIGINT NOT NULL,
  last_seen_at BIGINT NOT NULL,
  expires_at BIGINT,
  PRIMARY KEY (channel, account_id, sender_id)
);
CREATE UNIQUE INDEX channel_pairing_by_code ON channel_pairing (channel, account_id, code) WHERE status = 'pending';
`,
};
