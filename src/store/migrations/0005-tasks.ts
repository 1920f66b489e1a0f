import type { Migration } from "../engine/types.ts";

/** Multi-step work and the records of what runs for it. */
export const tasks: Migration = {
  version: 5,
  name: "tasks",
  checksum: "485c3904ed75c21e63526cc6aa6c0050f1ee4b624282720db49622c4db651d67",
  sql: `
CREATE TABLE flows (
  flow_id TEXT NOT NULL PRIMARY KEY,
  ordinal BIGINT NOT NULL,
  owner_key TEXT NOT NULL,
  sync_mode TEXT NOT NULL,
  controller_id TEXT,
  requester_origin TEXT,
  revision BIGINT NOT NULL,
  status TEXT NOT NULL,
  notify_policy TEXT NOT NULL,
  goal TEXT NOT NULL,
  current_step TEXT,
  blocked_task_id TEXT,
  blocked_summary TEXT,
  state_json TEXT,
  wait_json TEXT,
  cancel_requested_at BIGINT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  ended_at BIGINT
);
CREATE INDEX flows_by_owner ON flows (owner_key, created_at, ordinal);
CREATE INDEX flows_cancelling ON flows (cancel_requested_at) WHERE cancel_requested_at IS NOT NULL AND ended_at IS NULL;
CREATE INDEX flows_ended ON flows (ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE tasks (
  task_id TEXT NOT NULL PRIMARY KEY,
  ordinal BIGINT NOT NULL,
  runtime TEXT NOT NULL,
  source_id TEXT,
  run_id TEXT,
  requester_session_key TEXT NOT NULL,
  owner_key TEXT NOT NULL,
  scope_kind TEXT NOT NULL,
  child_session_key TEXT,
  parent_flow_id TEXT,
  parent_task_id TEXT,
  agent_id TEXT,
  label TEXT,
  task TEXT NOT NULL,
  status TEXT NOT NULL,
  delivery_status TEXT NOT NULL,
  notify_policy TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  started_at BIGINT,
  ended_at BIGINT,
  last_event_at BIGINT,
  error TEXT,
  progress_summary TEXT
);
CREATE INDEX tasks_by_flow ON tasks (parent_flow_id, ordinal) WHERE parent_flow_id IS NOT NULL;
CREATE INDEX tasks_by_owner ON tasks (owner_key, created_at, ordinal);
CREATE INDEX tasks_open ON tasks (ordinal) WHERE ended_at IS NULL;
CREATE INDEX tasks_open_run ON tasks (run_id) WHERE ended_at IS NULL AND run_id IS NOT NULL;
CREATE INDEX tasks_open_child ON tasks (child_session_key) WHERE ended_at IS NULL AND child_session_key IS NOT NULL;
CREATE INDEX tasks_ended ON tasks (ended_at) WHERE ended_at IS NOT NULL;
`,
};
