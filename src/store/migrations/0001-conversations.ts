import type { Migration } from "../engine/types.ts";

/** Sessions, their transcripts and the turns that write them. */
export const conversations: Migration = {
  version: 1,
  name: "conversations",
  checksum: "e754f16d3200a7566fe51f712a71084286789920b57f31b8bfb0afd6be4b4b6e",
  sql: `
CREATE TABLE sessions (
  session_key TEXT NOT NULL PRIMARY KEY,
  agent_id TEXT NOT NULL,
  session_id TEXT NOT NULL,
  lifecycle_revision TEXT NOT NULL,
  label TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  last_interaction_at BIGINT,
  archived_at BIGINT,
  pinned_at BIGINT,
  message_count BIGINT NOT NULL DEFAULT 0,
  reset_seq BIGINT NOT NULL DEFAULT 0,
  entry TEXT NOT NULL
);
CREATE INDEX sessions_live ON sessions (updated_at DESC, session_key) WHERE archived_at IS NULL AND pinned_at IS NULL;
CREATE INDEX sessions_live_by_agent ON sessions (agent_id, updated_at DESC, session_key) WHERE archived_at IS NULL AND pinned_at IS NULL;
CREATE INDEX sessions_pinned ON sessions (pinned_at DESC, session_key) WHERE pinned_at IS NOT NULL;
CREATE INDEX sessions_archived ON sessions (archived_at DESC, session_key) WHERE archived_at IS NOT NULL;
CREATE UNIQUE INDEX sessions_by_label ON sessions (agent_id, label) WHERE label IS NOT NULL;
CREATE UNIQUE INDEX sessions_by_id ON sessions (session_id);

CREATE TABLE transcript_entries (
  session_id TEXT NOT NULL,
  seq BIGINT NOT NULL,
  entry_id TEXT NOT NULL,
  parent_id TEXT,
  type TEXT NOT NULL,
  run_id TEXT,
  idempotency_key TEXT,
  body TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (session_id, seq)
);
CREATE UNIQUE INDEX transcript_entries_by_id ON transcript_entries (entry_id);
CREATE UNIQUE INDEX transcript_entries_once ON transcript_entries (session_id, idempotency_key);
CREATE INDEX transcript_entries_by_run ON transcript_entries (run_id);

CREATE TABLE turns (
  run_id TEXT NOT NULL PRIMARY KEY,
  ordinal BIGINT NOT NULL,
  session_key TEXT NOT NULL,
  session_id TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  origin TEXT NOT NULL,
  inbox_id TEXT,
  status TEXT NOT NULL,
  attempts BIGINT NOT NULL DEFAULT 0,
  starts BIGINT NOT NULL DEFAULT 0,
  request TEXT NOT NULL,
  outcome TEXT,
  created_at BIGINT NOT NULL,
  started_at BIGINT,
  ended_at BIGINT
);
CREATE UNIQUE INDEX turns_one_running ON turns (session_key) WHERE status = 'running';
CREATE INDEX turns_open ON turns (status, ordinal) WHERE status IN ('queued', 'running');
CREATE INDEX turns_lane ON turns (session_key, ordinal) WHERE status IN ('queued', 'running');
CREATE INDEX turns_by_session ON turns (session_key, ordinal);
CREATE UNIQUE INDEX turns_by_inbox ON turns (inbox_id) WHERE inbox_id IS NOT NULL;
`,
};
