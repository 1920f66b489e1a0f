import type { Migration } from "sluice/plugin-sdk/store";

/**
 * The ledger of everything that was accepted. A row of `batches` is the record of up to 500 events: entry
 * `first_entry + i` is event `i`, present when byte `i` of `stored` is 1 (null: all are). Keys are packed, because
 * a row per event with a unique key costs twenty times as much once the table is large (spec/limits §4). A batch
 * is pending while its rendered text lies in `pending_bytes`, settled once the text is safe in the vault.
 */
export const migrations: readonly Migration[] = [
  {
    version: 1,
    name: "ledger",
    sql: `
CREATE TABLE settings (
  name TEXT PRIMARY KEY,
  value BLOB NOT NULL
);
CREATE TABLE files (
  id INTEGER PRIMARY KEY,
  tenant TEXT NOT NULL,
  path TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (tenant, path)
);
CREATE TABLE batches (
  seq INTEGER PRIMARY KEY,
  file_id INTEGER NOT NULL,
  first_entry INTEGER NOT NULL,
  events INTEGER NOT NULL,
  entries INTEGER NOT NULL,
  stored BLOB,
  keyed INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  plugin_id TEXT NOT NULL,
  source_type TEXT NOT NULL,
  device_id TEXT NOT NULL,
  key_id TEXT NOT NULL,
  keys BLOB
);
CREATE INDEX batches_by_file ON batches (file_id, seq);
CREATE TABLE pending_bytes (
  seq INTEGER PRIMARY KEY,
  ends BLOB NOT NULL,
  bytes BLOB NOT NULL
);
CREATE TABLE kept_bytes (
  seq INTEGER PRIMARY KEY,
  ends BLOB NOT NULL,
  bytes BLOB NOT NULL
);
CREATE TABLE idempotency (
  tenant TEXT NOT NULL,
  key TEXT NOT NULL,
  seq INTEGER,
  response TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (tenant, key)
);
CREATE INDEX idempotency_by_age ON idempotency (created_at);
CREATE TABLE sources (
  tenant TEXT NOT NULL,
  plugin_id TEXT NOT NULL,
  source_type TEXT NOT NULL,
  device_id TEXT NOT NULL,
  plugin_version TEXT NOT NULL,
  platform TEXT NOT NULL,
  first_seen INTEGER NOT NULL,
  last_seen INTEGER NOT NULL,
  batches INTEGER NOT NULL,
  stored INTEGER NOT NULL,
  skipped INTEGER NOT NULL,
  usual_gap_ms INTEGER NOT NULL,
  stalled_at INTEGER,
  PRIMARY KEY (tenant, plugin_id, source_type, device_id)
);
CREATE TABLE key_runs (
  id INTEGER PRIMARY KEY,
  level INTEGER NOT NULL,
  bits INTEGER NOT NULL,
  keys INTEGER NOT NULL,
  state INTEGER NOT NULL,
  progress INTEGER NOT NULL,
  through_seq INTEGER NOT NULL,
  newest_at INTEGER NOT NULL,
  parents TEXT NOT NULL,
  filter BLOB
);
CREATE TABLE key_pages (
  id INTEGER PRIMARY KEY,
  keys BLOB NOT NULL
);
`,
  },
];
