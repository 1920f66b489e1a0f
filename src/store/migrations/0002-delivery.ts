import type { Migration } from "../engine/types.ts";

/** What came in from channels and what has to go out to them. */
export const delivery: Migration = {
  version: 2,
  name: "delivery",
  sql: `
CREATE TABLE inbox (
  inbox_id TEXT NOT NULL PRIMARY KEY,
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
  received_at BIGINT NOT NULL,
  settled_at BIGINT
);
CREATE UNIQUE INDEX inbox_once ON inbox (channel, account_id, message_id);
CREATE INDEX inbox_open ON inbox (status, received_at) WHERE status IN ('pending', 'claimed');
CREATE INDEX inbox_settled ON inbox (settled_at);

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
  chunks TEXT NOT NULL,
  chunks_sent BIGINT NOT NULL DEFAULT 0,
  attempt_started_at BIGINT,
  last_error TEXT,
  receipt TEXT,
  created_at BIGINT NOT NULL,
  settled_at BIGINT
);
CREATE UNIQUE INDEX outbox_once ON outbox (idempotency_key);
CREATE INDEX outbox_open ON outbox (status, available_at, ordinal) WHERE status IN ('queued', 'sending');
CREATE INDEX outbox_lane ON outbox (channel, account_id, recipient, ordinal) WHERE status IN ('queued', 'sending');
CREATE INDEX outbox_settled ON outbox (settled_at);
`,
};
