import type { Transaction } from "sluice/plugin-sdk/store-worker";
import { KEY_BYTES } from "../contract/dedupe-key.ts";
import { KeyFilter } from "./key-filter.ts";
import { dealIntoPages } from "./key-pages.ts";
import { insertRun, RUN_LIVE, writePages } from "./key-runs.ts";
import { withoutEmptySlots } from "./packed-keys.ts";

/** 2^10 pages of 64 keys. */
const BITS_AT_LEVEL_0 = 10;

/** Makes a run of the keys of settled batches after `throughSeq`. False when there are too few for one. */
export async function sealRun(tx: Transaction, throughSeq: number, keysPerRun: number): Promise<boolean> {
  const pending = await tx.get<{ seq: number | null }>("SELECT min(seq) AS seq FROM pending_bytes");
  const batches = await tx.all<{ seq: number; keyed: number; keys: Uint8Array; received_at: number }>(
    "SELECT seq, keyed, keys, received_at FROM batches WHERE seq > ? AND seq < ? AND keyed > 0 ORDER BY seq LIMIT ?",
    throughSeq,
    pending?.seq ?? Number.MAX_SAFE_INTEGER,
    keysPerRun,
  );
  const packed: Uint8Array[] = [];
  let keys = 0;
  let newestAt = 0;
  let lastSeq = throughSeq;
  for (const batch of batches) {
    packed.push(batch.keyed * KEY_BYTES === batch.keys.length ? batch.keys : withoutEmptySlots(batch.keys));
    keys += batch.keyed;
    newestAt = Math.max(newestAt, batch.received_at);
    lastSeq = batch.seq;
    if (keys >= keysPerRun) break;
  }
  // A batch stuck in the middle keeps everything after it in memory; do not make runs of crumbs.
  if (keys * 2 < keysPerRun) return false;
  const filter = KeyFilter.sized(keys);
  for (const part of packed) for (let at = 0; at < part.length; at += KEY_BYTES) filter.add(part, at);
  const id = await insertRun(tx, {
    level: 0,
    bits: BITS_AT_LEVEL_0,
    keys,
    state: RUN_LIVE,
    through_seq: lastSeq,
    newest_at: newestAt,
    parents: "[]",
    filter: filter.bytes,
  });
  await writePages(tx, id, 0, dealIntoPages(packed, BITS_AT_LEVEL_0, 0, 2 ** BITS_AT_LEVEL_0));
  await tx.run(
    "INSERT INTO settings (name, value) VALUES ('sealed_through', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    Buffer.from(String(lastSeq)),
  );
  return true;
}
