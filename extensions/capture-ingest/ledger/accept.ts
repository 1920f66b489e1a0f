import type { Transaction } from "sluice/plugin-sdk/store-worker";
import { KEY_BYTES } from "../contract/dedupe-key.ts";
import { IDEMPOTENCY_WINDOW_MS } from "../contract/limits.ts";
import { composeResponse } from "../contract/response.ts";
import type { KeyIndex } from "./key-index.ts";
import { isEmptySlot } from "./packed-keys.ts";
import type { AcceptInput, AcceptOutput } from "./records.ts";

/**
 * Decides which events of a batch are new and records them, in one transaction: from its commit on, every
 * stored event is owed to the vault.
 */
export async function accept(tx: Transaction, index: KeyIndex, input: AcceptInput): Promise<AcceptOutput> {
  await index.ensureLoaded(tx);
  const known = await replay(tx, input);
  if (known) return known;

  const next = await tx.get<{ seq: number }>("SELECT coalesce(max(seq), 0) + 1 AS seq FROM batches");
  const seq = (next as { seq: number }).seq;
  const decision = await decide(tx, index, input, seq);
  if (decision.pending.size > 0) return { kind: "wait", seqs: [...decision.pending] };

  const { stored, storedKeys, entries, keyed } = decision;
  if (entries > 0) {
    const fileId = await fileOf(tx, input);
    await tx.run(
      `INSERT INTO batches (seq, file_id, first_entry, events, entries, stored, keyed, received_at, plugin_id,
         source_type, device_id, key_id, keys) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      seq,
      fileId,
      input.firstEntry,
      stored.length,
      entries,
      entries === stored.length ? null : stored,
      keyed,
      input.now,
      input.pluginId,
      input.sourceType,
      input.deviceId,
      input.keyId,
      keyed > 0 ? storedKeys : null,
    );
    const { bytes, ends } = storedBytes(input, stored, entries);
    await tx.run(
      "INSERT INTO pending_bytes (seq, ends, bytes) VALUES (?, ?, ?)",
      seq,
      new Uint8Array(ends.buffer, ends.byteOffset, ends.byteLength),
      bytes,
    );
  }
  await recordSource(tx, input, entries, stored.length - entries);
  if (input.idempotencyKey !== undefined)
    await tx.run(
      "INSERT INTO idempotency (tenant, key, seq, response, created_at) VALUES (?, ?, ?, ?, ?)",
      input.tenant,
      input.idempotencyKey,
      entries > 0 ? seq : null,
      JSON.stringify(composeResponse(input.response, stored)),
      input.now,
    );
  return { kind: "accepted", seq: entries > 0 ? seq : null, stored };
}

async function replay(tx: Transaction, input: AcceptInput): Promise<AcceptOutput | undefined> {
  if (input.idempotencyKey === undefined) return undefined;
  const row = await tx.get<{ seq: number | null; response: string; created_at: number }>(
    "SELECT seq, response, created_at FROM idempotency WHERE tenant = ? AND key = ?",
    input.tenant,
    input.idempotencyKey,
  );
  if (!row) return undefined;
  if (row.created_at < input.now - IDEMPOTENCY_WINDOW_MS) {
    await tx.run("DELETE FROM idempotency WHERE tenant = ? AND key = ?", input.tenant, input.idempotencyKey);
    return undefined;
  }
  const waiting =
    row.seq === null ? undefined : await tx.get("SELECT seq FROM pending_bytes WHERE seq = ?", row.seq);
  return { kind: "replay", response: row.response, pending: waiting ? row.seq : null };
}

interface Decision {
  stored: Uint8Array;
  storedKeys: Uint8Array;
  entries: number;
  keyed: number;
  /** Batches that are still being written and hold some of the keys. */
  pending: Set<number>;
}

async function decide(tx: Transaction, index: KeyIndex, input: AcceptInput, own: number): Promise<Decision> {
  const { keys } = input;
  const count = input.ends.length;
  const stored = new Uint8Array(count);
  const storedKeys = new Uint8Array(keys.length);
  const pending = new Set<number>();
  let entries = 0;
  let keyed = 0;
  const seen = new Map<number, { keys: Uint8Array; pending: boolean } | undefined>();
  const readBatch = async (seq: number) => {
    if (seq === own) return { keys: storedKeys, pending: false };
    if (!seen.has(seq)) seen.set(seq, await readKeys(tx, seq));
    return seen.get(seq);
  };
  for (let event = 0; event < count; event++) {
    const at = event * KEY_BYTES;
    if (!isEmptySlot(keys, at)) {
      const holder = await index.find(tx, keys, at, readBatch);
      if (holder !== undefined) {
        if (holder !== "settled" && holder.pending) pending.add(holder.seq);
        continue;
      }
      storedKeys.set(keys.subarray(at, at + KEY_BYTES), at);
      index.add(keys, at, own);
      keyed++;
    }
    stored[event] = 1;
    entries++;
  }
  return { stored, storedKeys, entries, keyed, pending };
}

async function readKeys(tx: Transaction, seq: number) {
  const row = await tx.get<{ keys: Uint8Array | null; waiting: number | null }>(
    `SELECT batches.keys AS keys, pending_bytes.seq AS waiting
     FROM batches LEFT JOIN pending_bytes ON pending_bytes.seq = batches.seq WHERE batches.seq = ?`,
    seq,
  );
  return row?.keys ? { keys: row.keys, pending: row.waiting !== null } : undefined;
}

async function fileOf(tx: Transaction, { tenant, file, now }: AcceptInput): Promise<number> {
  const known = await tx.get<{ id: number }>(
    "SELECT id FROM files WHERE tenant = ? AND path = ?",
    tenant,
    file,
  );
  if (known) return known.id;
  const made = await tx.get<{ id: number }>(
    `INSERT INTO files (id, tenant, path, created_at)
     VALUES ((SELECT coalesce(max(id), 0) + 1 FROM files), ?, ?, ?) RETURNING id`,
    tenant,
    file,
    now,
  );
  return (made as { id: number }).id;
}

/** The stored entries' bytes alone, with their ends. */
export function storedBytes(
  input: Pick<AcceptInput, "bytes" | "ends">,
  stored: Uint8Array,
  entries: number,
): { bytes: Uint8Array; ends: Uint32Array } {
  if (entries === stored.length) return { bytes: input.bytes, ends: input.ends };
  const parts: Uint8Array[] = [];
  const ends = new Uint32Array(entries);
  let start = 0;
  let length = 0;
  for (let event = 0; event < stored.length; event++) {
    const end = input.ends[event] as number;
    if (stored[event] === 1) {
      parts.push(input.bytes.subarray(start, end));
      length += end - start;
      ends[parts.length - 1] = length;
    }
    start = end;
  }
  return { bytes: Buffer.concat(parts), ends };
}

async function recordSource(
  tx: Transaction,
  input: AcceptInput,
  stored: number,
  skipped: number,
): Promise<void> {
  await tx.run(
    `INSERT INTO sources (tenant, plugin_id, source_type, device_id, plugin_version, platform, first_seen,
       last_seen, batches, stored, skipped, usual_gap_ms, stalled_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, 0, NULL)
     ON CONFLICT (tenant, plugin_id, source_type, device_id) DO UPDATE SET
       plugin_version = excluded.plugin_version,
       platform = excluded.platform,
       usual_gap_ms = CASE
         WHEN excluded.last_seen <= sources.last_seen THEN sources.usual_gap_ms
         WHEN sources.batches = 1 THEN excluded.last_seen - sources.last_seen
         ELSE (sources.usual_gap_ms * 7 + excluded.last_seen - sources.last_seen) / 8 END,
       last_seen = CASE WHEN excluded.last_seen > sources.last_seen THEN excluded.last_seen
         ELSE sources.last_seen END,
       batches = sources.batches + 1,
       stored = sources.stored + excluded.stored,
       skipped = sources.skipped + excluded.skipped,
       stalled_at = NULL`,
    input.tenant,
    input.pluginId,
    input.sourceType,
    input.deviceId,
    input.pluginVersion,
    input.platform,
    input.now,
    input.now,
    stored,
    skipped,
  );
}
