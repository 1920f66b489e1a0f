import type { Migration } from "../engine/types.ts";

/** Questions that plugins put to operators, and conversations that plugins own. */
export const approvals: Migration = {
  version: 6,
  name: "approvals",
  checksum: "4e35dc3c96014fd458075f9e922cc4d730397793e2ef29fb1a53627452ca9797",
  sql: `
CREATE TABLE approvals (
  approval_id TEXT NOT NULL PRIMARY KEY,
  call_key TEXT,
  run_id TEXT,
  tool_call_id TEXT,
  request TEXT NOT NULL,
  params TEXT,
  allowed TEXT NOT NULL,
  status TEXT NOT NULL,
  decision TEXT,
  resolved_by TEXT,
  resolver_kind TEXT,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  settled_at BIGINT,
  used_at BIGINT
);
CREATE UNIQUE INDEX approvals_once ON approvals (call_key) WHERE call_key IS NOT NULL;
CREATE INDEX approvals_pending ON approvals (created_at, approval_id) WHERE status = 'pending';
CREATE INDEX approvals_settled ON approvals (settled_at, approval_id) WHERE status <> 'pending';
CREATE INDEX approvals_by_run ON approvals (run_id) WHERE run_id IS NOT NULL;

CREATE TABLE conversation_bindings (
  binding_id TEXT NOT NULL PRIMARY KEY,
  plugin_id TEXT NOT NULL,
  plugin_root TEXT NOT NULL,
  channel TEXT NOT NULL,
  account_id TEXT NOT NULL,
  conversation_id TEXT NOT NULL,
  thread_id TEXT NOT NULL,
  details TEXT NOT NULL,
  approval_id TEXT,
  status TEXT NOT NULL,
  decision TEXT,
  created_at BIGINT NOT NULL,
  bound_at BIGINT,
  settled_at BIGINT
);
CREATE UNIQUE INDEX conversation_bindings_bound
  ON conversation_bindings (channel, account_id, conversation_id, thread_id) WHERE status = 'bound';
CREATE UNIQUE INDEX conversation_bindings_asked
  ON conversation_bindings (approval_id) WHERE approval_id IS NOT NULL;
CREATE INDEX conversation_bindings_settled
  ON conversation_bindings (settled_at, binding_id) WHERE settled_at IS NOT NULL;

CREATE TABLE conversation_binding_grants (
  plugin_id TEXT NOT NULL,
  channel TEXT NOT NULL,
  account_id TEXT NOT NULL,
  granted_at BIGINT NOT NULL,
  PRIMARY KEY (plugin_id, channel, account_id)
);
`,
};
