import type { Migration } from "../engine/types.ts";

/** What plugins leave in sessions for later turns. */
export const workflow: Migration = {
  version: 4,
  name: "workflow",
  checksum: "dc953903f622811838d0e52ecdbeb57522efce3e0461601761dfec8abdb4d8f8",
  sql: `
CREATE TABLE injections (
  ordinal BIGINT NOT NULL PRIMARY KEY,
  injection_id TEXT NOT NULL,
  plugin_id TEXT NOT NULL,
  session_key TEXT NOT NULL,
  body TEXT NOT NULL,
  placement TEXT NOT NULL,
  metadata TEXT,
  status TEXT NOT NULL,
  run_id TEXT,
  reason TEXT,
  created_at BIGINT NOT NULL,
  expires_at BIGINT,
  settled_at BIGINT
);
CREATE UNIQUE INDEX injections_once ON injections (plugin_id, session_key, injection_id) WHERE status = 'queued';
CREATE INDEX injections_queue ON injections (session_key, ordinal) WHERE status = 'queued';
CREATE INDEX injections_by_run ON injections (run_id, ordinal) WHERE run_id IS NOT NULL;
CREATE INDEX injections_settled ON injections (session_key, ordinal) WHERE status <> 'queued';
`,
};
