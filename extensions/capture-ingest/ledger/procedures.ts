import type { Transaction } from "sluice/plugin-sdk/store-worker";
import { IDEMPOTENCY_WINDOW_MS } from "../contract/limits.ts";
import { accept } from "./accept.ts";
import { KeyIndex } from "./key-index.ts";
import type { AcceptInput, LedgerBatch, LedgerFile, PendingBatch, SourceRecord } from "./records.ts";

/** Pending batches read in one call of recovery; each may hold a megabyte and more. */
export const PENDING_PER_READ = 16;
/** Rows removed or read in one call of upkeep. */
const ROWS_PER_STEP = 1_000;

interface PendingRow {
  seq: number;
  tenant: string;
  path: string;
  first_entry: number;
  events: number;
  stored: Uint8Array | null;
  ends: Uint8Array;
  bytes: Uint8Array;
}

/** The procedures of one ledger. The key index lives beside them in the worker that owns the file. */
export function ledgerProcedures() {
  const index = new KeyIndex();
  return {
    batches: {
      accept: (tx: Transaction, input: AcceptInput) => accept(tx, index, input),

      /** The entries are safe in the vault. Their text is kept where the operator wants to rebuild from it. */
      async settle(tx: Transaction, { seqs, keep }: { seqs: number[]; keep: boolean }): Promise<void> {
        for (const seq of seqs) {
          if (keep)
            await tx.run(
              `INSERT INTO kept_bytes (seq, ends, bytes) SELECT seq, ends, bytes FROM pending_bytes WHERE seq = ?
               ON CONFLICT (seq) DO NOTHING`,
              seq,
            );
          await tx.run("DELETE FROM pending_bytes WHERE seq = ?", seq);
        }
      },

      /** The entries are certainly not in the vault: the batch never happened. */
      async cancel(tx: Transaction, { seqs }: { seqs: number[] }): Promise<void> {
        for (const seq of seqs) {
          await tx.run(
            `UPDATE sources SET stored = stored - (SELECT entries FROM batches WHERE seq = ?)
             WHERE EXISTS (SELECT 1 FROM batches JOIN files ON files.id = batches.file_id WHERE batches.seq = ?
               AND files.tenant = sources.tenant AND batches.plugin_id = sources.plugin_id
               AND batches.source_type = sources.source_type AND batches.device_id = sources.device_id)`,
            seq,
            seq,
          );
          await tx.run("DELETE FROM idempotency WHERE seq = ?", seq);
          await tx.run("DELETE FROM pending_bytes WHERE seq = ?", seq);
          await tx.run("DELETE FROM batches WHERE seq = ?", seq);
        }
      },

      /** Batches not known to be in the vault, oldest first, of one file or of all. */
      async pending(
        tx: Transaction,
        { tenant, file, after }: { tenant?: string; file?: string; after: number },
      ): Promise<PendingBatch[]> {
        const rows = await tx.all<PendingRow>(
          `SELECT batches.seq AS seq, tenant, path, first_entry, events, stored, ends, bytes
           FROM pending_bytes JOIN batches ON batches.seq = pending_bytes.seq JOIN files ON files.id = batches.file_id
           WHERE pending_bytes.seq > ? AND (? IS NULL OR tenant = ?) AND (? IS NULL OR path = ?)
           ORDER BY pending_bytes.seq LIMIT ?`,
          after,
          tenant ?? null,
          tenant ?? null,
          file ?? null,
          file ?? null,
          PENDING_PER_READ,
        );
        return rows.map(toPending);
      },

      async counts(tx: Transaction): Promise<{ pending: number; batches: number; files: number }> {
        const row = await tx.get<{ pending: number; batches: number; files: number }>(
          `SELECT (SELECT count(*) FROM pending_bytes) AS pending,
             (SELECT coalesce(max(seq), 0) FROM batches) AS batches, (SELECT count(*) FROM files) AS files`,
        );
        return row as { pending: number; batches: number; files: number };
      },
    },

    ledger: {
      /** The seed of block ids (the given one for a new ledger) and the next free entry number. */
      async open(
        tx: Transaction,
        { seed }: { seed: Uint8Array },
      ): Promise<{ seed: Uint8Array; nextEntry: number }> {
        await tx.run(
          "INSERT INTO settings (name, value) VALUES ('block_seed', ?) ON CONFLICT (name) DO NOTHING",
          seed,
        );
        const kept = await tx.get<{ value: Uint8Array }>(
          "SELECT value FROM settings WHERE name = 'block_seed'",
        );
        const last = await tx.get<{ next: number }>(
          "SELECT coalesce(max(first_entry + events), 1) AS next FROM batches WHERE seq > (SELECT max(seq) FROM batches) - 1000",
        );
        return { seed: (kept as { value: Uint8Array }).value, nextEntry: last?.next ?? 1 };
      },

      async files(
        tx: Transaction,
        { tenant, after }: { tenant: string; after: number },
      ): Promise<LedgerFile[]> {
        return tx.all<LedgerFile>(
          "SELECT id, path FROM files WHERE tenant = ? AND id > ? ORDER BY id LIMIT ?",
          tenant,
          after,
          ROWS_PER_STEP,
        );
      },

      async fileBatches(
        tx: Transaction,
        { fileId, after }: { fileId: number; after: number },
      ): Promise<LedgerBatch[]> {
        const rows = await tx.all<{
          seq: number;
          first_entry: number;
          events: number;
          stored: Uint8Array | null;
        }>(
          "SELECT seq, first_entry, events, stored FROM batches WHERE file_id = ? AND seq > ? ORDER BY seq LIMIT ?",
          fileId,
          after,
          ROWS_PER_STEP,
        );
        return rows.map(({ seq, first_entry, events, stored }) => ({
          seq,
          firstEntry: first_entry,
          stored: stored ?? new Uint8Array(events).fill(1),
        }));
      },

      /** Kept text of a file's batches, in order of acceptance; `bytes` is null where none was kept. */
      async keptBytes(
        tx: Transaction,
        { fileId, after }: { fileId: number; after: number },
      ): Promise<{ seq: number; entries: number; bytes: Uint8Array | null }[]> {
        return tx.all(
          `SELECT batches.seq AS seq, batches.entries AS entries, coalesce(kept_bytes.bytes, pending_bytes.bytes) AS bytes
           FROM batches LEFT JOIN kept_bytes ON kept_bytes.seq = batches.seq
           LEFT JOIN pending_bytes ON pending_bytes.seq = batches.seq
           WHERE batches.file_id = ? AND batches.seq > ? ORDER BY batches.seq LIMIT ?`,
          fileId,
          after,
          PENDING_PER_READ,
        );
      },
    },

    keys: {
      /** One bounded step; call it again on `more`, call {@link adopt} on `adopt`. */
      upkeep: (tx: Transaction, input: { keysPerRun?: number }) => index.upkeep(tx, input.keysPerRun),
      async adopt(tx: Transaction): Promise<{ recent: number; runs: number }> {
        await index.adopt(tx);
        return { recent: index.recentKeys, runs: index.runs };
      },
      /** Keys in no run yet; 0 before the first batch. */
      recent: async (_tx: Transaction): Promise<number> => index.recentKeys,
      expire: (tx: Transaction, { before }: { before: number }) => index.expire(tx, before),
    },

    sources: {
      async list(tx: Transaction, { tenant }: { tenant?: string }): Promise<SourceRecord[]> {
        return tx.all<SourceRecord>(
          "SELECT * FROM sources WHERE ? IS NULL OR tenant = ? ORDER BY plugin_id, source_type, device_id LIMIT 10000",
          tenant ?? null,
          tenant ?? null,
        );
      },

      /** Marks sources that stay silent for longer than they used to, and returns the new ones. */
      async findStalled(
        tx: Transaction,
        {
          now,
          leastMs,
          factor,
          leastBatches,
        }: { now: number; leastMs: number; factor: number; leastBatches: number },
      ): Promise<SourceRecord[]> {
        return tx.all<SourceRecord>(
          `UPDATE sources SET stalled_at = ? WHERE stalled_at IS NULL AND batches >= ? AND ? - last_seen > ?
             AND ? - last_seen > usual_gap_ms * ? RETURNING *`,
          now,
          leastBatches,
          now,
          leastMs,
          now,
          factor,
        );
      },
    },

    upkeep: {
      /** Removes replayable answers past their window. True when more are left. */
      async trim(tx: Transaction, { now }: { now: number }): Promise<boolean> {
        const { changes } = await tx.run(
          `DELETE FROM idempotency WHERE (tenant, key) IN
             (SELECT tenant, key FROM idempotency WHERE created_at < ? LIMIT ?)`,
          now - IDEMPOTENCY_WINDOW_MS,
          ROWS_PER_STEP,
        );
        return changes === ROWS_PER_STEP;
      },
    },
  };
}

export type LedgerProcedures = ReturnType<typeof ledgerProcedures>;

function toPending(row: PendingRow): PendingBatch {
  // The driver's bytes may lie at any offset, a list of 32-bit numbers may not.
  const ends = new Uint32Array(Uint8Array.from(row.ends).buffer);
  return {
    seq: row.seq,
    tenant: row.tenant,
    file: row.path,
    firstEntry: row.first_entry,
    events: row.events,
    stored: row.stored ?? new Uint8Array(row.events).fill(1),
    ends,
    bytes: row.bytes,
  };
}
