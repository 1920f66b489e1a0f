import type { Migration } from "../engine/types.ts";

/** The gateway's own books: events, idempotent results, config revisions, devices, plugin state. */
export const host: Migration = {
  version: 3,
  name: "host",
  checksum: "15edbc5569ad43d17bab959a7a7024abdfee463427557af165ac1b1430bb97f7",
  sql: `
CREATE TABLE counters (
  name TEXT NOT NULL PRIMARY KEY,
  value BIGINT NOT NULL
);

CREATE TABLE event_log_state (
  id BIGINT NOT NULL PRIMARY KEY,
  epoch TEXT NOT NULL,
  head BIGINT NOT NULL,
  floor BIGINT NOT NULL
);

CREATE TABLE event_log (
  epoch TEXT NOT NULL,
  position BIGINT NOT NULL,
  event TEXT NOT NULL,
  session_key TEXT,
  payload TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (epoch, position)
);

CREATE TABLE idempotency (
  family TEXT NOT NULL,
  idempotency_key TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  status TEXT NOT NULL,
  owner TEXT NOT NULL,
  result TEXT,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (family, idempotency_key)
);
CREATE INDEX idempotency_by_expiry ON idempotency (expires_at);

CREATE TABLE config_revisions (
  revision BIGINT NOT NULL PRIMARY KEY,
  hash TEXT NOT NULL,
  status TEXT NOT NULL,
  origin TEXT NOT NULL,
  reason TEXT,
  source TEXT NOT NULL,
  effective TEXT NOT NULL,
  checked TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  settled_at BIGINT
);
CREATE INDEX config_revisions_by_status ON config_revisions (status, revision);

CREATE TABLE devices (
  device_id TEXT NOT NULL PRIMARY KEY,
  public_key TEXT NOT NULL,
  status TEXT NOT NULL,
  record TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);

CREATE TABLE plugin_state (
  plugin_id TEXT NOT NULL,
  namespace TEXT NOT NULL,
  entry_key TEXT NOT NULL,
  value_json TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT,
  PRIMARY KEY (plugin_id, namespace, entry_key)
);
CREATE INDEX plugin_state_by_age ON plugin_state (plugin_id, namespace, created_at, entry_key, expires_at);
CREATE INDEX plugin_state_by_expiry ON plugin_state (expires_at) WHERE expires_at IS NOT NULL;
`,
};
