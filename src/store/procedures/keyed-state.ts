import { SluiceError } from "../../kernel/errors.ts";
import type { Transaction } from "../engine/types.ts";

/** Expired rows removed in one transaction. */
export const MAX_SWEEP_ROWS = 1_024;
/** Expired rows, of anybody, removed along with a write. */
export const SWEEP_ROWS_PER_WRITE = 64;

/** Names a row. Every plugin has rows of its own. */
export interface StateAddress {
  pluginId: string;
  namespace: string;
}

export interface StateKey extends StateAddress {
  key: string;
}

export interface StateRow {
  key: string;
  valueJson: string;
  createdAt: number;
  expiresAt: number | null;
}

export interface StateWrite extends StateKey {
  valueJson: string;
  now: number;
  /** When the row stops to exist; `null` for never. */
  expiresAt: number | null;
  /** Live rows of the namespace. */
  maxEntries: number;
  overflow: "evict-oldest" | "reject-new";
  /** Live rows of the plugin over all its namespaces. */
  maxRows: number;
}

/** A row as its reader saw it, `null` for none; the base of a compare-and-swap. */
export type SeenRow = { valueJson: string; createdAt: number; expiresAt: number | null } | null;

/**
 * Key-value rows of plugins (spec 4.14). A row with `expiresAt <= now` does not exist for any reader and
 * counts for no limit.
 */
export const keyedStateProcedures = {
  /** Inserts or overwrites; creation time and expiry start anew. */
  async register(tx: Transaction, input: StateWrite): Promise<void> {
    await write(tx, input, await live(tx, input), input.now);
  },

  /** Stores only where no live row is. True when stored. */
  async registerIfAbsent(tx: Transaction, input: StateWrite): Promise<boolean> {
    if (await live(tx, input)) return false;
    await write(tx, input, undefined, input.now);
    return true;
  },

  async lookup(tx: Transaction, input: StateKey & { now: number }): Promise<StateRow | undefined> {
    return live(tx, input);
  },

  /** The value alone, as JSON text: what most readers want, at half the cost of the row. */
  async value(tx: Transaction, input: StateKey & { now: number }): Promise<string | undefined> {
    const row = await tx.get<Pick<Row, "value_json">>(
      `SELECT value_json FROM plugin_state
       WHERE plugin_id = ? AND namespace = ? AND entry_key = ? AND (expires_at IS NULL OR expires_at > ?)`,
      input.pluginId,
      input.namespace,
      input.key,
      input.now,
    );
    return row?.value_json;
  },

  /** Rows in the order of `keys`, `null` where none is live. */
  async lookupMany(
    tx: Transaction,
    input: StateAddress & { keys: readonly string[]; now: number },
  ): Promise<(StateRow | null)[]> {
    const rows: (StateRow | null)[] = [];
    for (const key of input.keys) rows.push((await live(tx, { ...input, key })) ?? null);
    return rows;
  },

  /** Reads and deletes. A row whose value does not parse is reported and stays, so that nothing is lost. */
  async consume(tx: Transaction, input: StateKey & { now: number }): Promise<StateRow | undefined> {
    const row = await live(tx, input);
    if (!row) return undefined;
    assertParses(row);
    await remove(tx, input);
    return row;
  },

  /** True when a live row was deleted. */
  async delete(tx: Transaction, input: StateKey & { now: number }): Promise<boolean> {
    const row = await live(tx, input);
    await remove(tx, input);
    return row !== undefined;
  },

  /** Deletes a live row whose value is exactly `valueJson`. */
  async deleteIfEqual(
    tx: Transaction,
    input: StateKey & { valueJson: string; now: number },
  ): Promise<boolean> {
    const row = await live(tx, input);
    if (row?.valueJson !== input.valueJson) return false;
    await remove(tx, input);
    return true;
  },

  /** Live rows by creation time, then key. */
  async entries(tx: Transaction, input: StateAddress & { now: number }): Promise<StateRow[]> {
    const rows = await tx.all<Row>(
      `SELECT entry_key, value_json, created_at, expires_at FROM plugin_state
       WHERE plugin_id = ? AND namespace = ? AND (expires_at IS NULL OR expires_at > ?)
       ORDER BY created_at, entry_key`,
      input.pluginId,
      input.namespace,
      input.now,
    );
    return rows.map(toRow);
  },

  async count(tx: Transaction, input: StateAddress & { now: number }): Promise<number> {
    return countNamespace(tx, input);
  },

  /** Deletes the rows of one namespace. */
  async clear(tx: Transaction, input: StateAddress): Promise<void> {
    await tx.run(
      "DELETE FROM plugin_state WHERE plugin_id = ? AND namespace = ?",
      input.pluginId,
      input.namespace,
    );
  },

  /** Writes if the row is still as `seen`; keeps the creation time of a live row. False: read again. */
  async replaceIf(tx: Transaction, input: StateWrite & { seen: SeenRow }): Promise<boolean> {
    const row = await live(tx, input);
    if (!sameRow(row, input.seen)) return false;
    await write(tx, input, row, row?.createdAt ?? input.now);
    return true;
  },

  /** Deletes if the row is still as `seen`. False: read again. */
  async deleteIfSeen(tx: Transaction, input: StateKey & { seen: SeenRow; now: number }): Promise<boolean> {
    if (!sameRow(await live(tx, input), input.seen)) return false;
    await remove(tx, input);
    return true;
  },

  /** Removes a bounded number of expired rows. True when more are left. */
  async sweep(tx: Transaction, input: { now: number }): Promise<boolean> {
    return (await sweep(tx, input.now, MAX_SWEEP_ROWS)) === MAX_SWEEP_ROWS;
  },
};

interface Row {
  entry_key: string;
  value_json: string;
  created_at: number;
  expires_at: number | null;
}

async function live(tx: Transaction, at: StateKey & { now: number }): Promise<StateRow | undefined> {
  const row = await tx.get<Row>(
    `SELECT entry_key, value_json, created_at, expires_at FROM plugin_state
     WHERE plugin_id = ? AND namespace = ? AND entry_key = ?`,
    at.pluginId,
    at.namespace,
    at.key,
  );
  return row && (row.expires_at === null || row.expires_at > at.now) ? toRow(row) : undefined;
}

/** `current` is the live row under the key: overwriting it adds nothing, so no limit can refuse it. */
async function write(
  tx: Transaction,
  input: StateWrite,
  current: StateRow | undefined,
  createdAt: number,
): Promise<void> {
  await tx.run(
    `INSERT INTO plugin_state (plugin_id, namespace, entry_key, value_json, created_at, expires_at)
     VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (plugin_id, namespace, entry_key) DO UPDATE SET value_json = excluded.value_json,
       created_at = excluded.created_at, expires_at = excluded.expires_at`,
    input.pluginId,
    input.namespace,
    input.key,
    input.valueJson,
    createdAt,
    input.expiresAt,
  );
  if (current) return;
  await sweep(tx, input.now, SWEEP_ROWS_PER_WRITE);
  // Where a row had to go for the new one, the plugin holds no more than before.
  if (!(await holdNamespace(tx, input))) await holdPlugin(tx, input);
}

/** True when rows were evicted. */
async function holdNamespace(tx: Transaction, input: StateWrite): Promise<boolean> {
  const surplus = (await countNamespace(tx, input)) - input.maxEntries;
  if (surplus <= 0) return false;
  if (input.overflow === "reject-new") {
    throw limitExceeded(`namespace "${input.namespace}" holds its ${input.maxEntries} entries`, {
      namespace: input.namespace,
      maxEntries: input.maxEntries,
    });
  }
  await tx.run(
    `DELETE FROM plugin_state WHERE plugin_id = ? AND namespace = ? AND entry_key IN (
       SELECT entry_key FROM plugin_state
       WHERE plugin_id = ? AND namespace = ? AND entry_key <> ? AND (expires_at IS NULL OR expires_at > ?)
       ORDER BY created_at, entry_key LIMIT ?)`,
    input.pluginId,
    input.namespace,
    input.pluginId,
    input.namespace,
    input.key,
    input.now,
    surplus,
  );
  return true;
}

async function holdPlugin(tx: Transaction, input: StateWrite): Promise<void> {
  const row = await tx.get<{ total: number }>(
    "SELECT COUNT(*) AS total FROM plugin_state WHERE plugin_id = ? AND (expires_at IS NULL OR expires_at > ?)",
    input.pluginId,
    input.now,
  );
  if ((row?.total ?? 0) <= input.maxRows) return;
  throw limitExceeded(
    `plugin "${input.pluginId}" holds its ${input.maxRows} rows; delete some, or raise state.keyedStore.maxRowsPerPlugin`,
    { pluginId: input.pluginId, maxRows: input.maxRows },
  );
}

async function countNamespace(tx: Transaction, at: StateAddress & { now: number }): Promise<number> {
  const row = await tx.get<{ total: number }>(
    `SELECT COUNT(*) AS total FROM plugin_state
     WHERE plugin_id = ? AND namespace = ? AND (expires_at IS NULL OR expires_at > ?)`,
    at.pluginId,
    at.namespace,
    at.now,
  );
  return row?.total ?? 0;
}

async function remove(tx: Transaction, at: StateKey): Promise<void> {
  await tx.run(
    "DELETE FROM plugin_state WHERE plugin_id = ? AND namespace = ? AND entry_key = ?",
    at.pluginId,
    at.namespace,
    at.key,
  );
}

async function sweep(tx: Transaction, now: number, limit: number): Promise<number> {
  const { changes } = await tx.run(
    `DELETE FROM plugin_state WHERE (plugin_id, namespace, entry_key) IN (
       SELECT plugin_id, namespace, entry_key FROM plugin_state
       WHERE expires_at IS NOT NULL AND expires_at <= ? ORDER BY expires_at LIMIT ?)`,
    now,
    limit,
  );
  return changes;
}

function sameRow(row: StateRow | undefined, seen: SeenRow): boolean {
  if (!row || !seen) return !row && !seen;
  return (
    row.valueJson === seen.valueJson && row.createdAt === seen.createdAt && row.expiresAt === seen.expiresAt
  );
}

function assertParses(row: StateRow): void {
  try {
    JSON.parse(row.valueJson);
  } catch (cause) {
    throw new SluiceError("PLUGIN_STATE_CORRUPT", `the value under "${row.key}" is damaged; delete the key`, {
      details: { key: row.key },
      cause,
    });
  }
}

function limitExceeded(message: string, details: object): SluiceError {
  return new SluiceError("PLUGIN_STATE_LIMIT_EXCEEDED", message, { details });
}

function toRow(row: Row): StateRow {
  return {
    key: row.entry_key,
    valueJson: row.value_json,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  };
}
