// The two layouts of known references side by side, in one run: packed keys with runs and filters (ours), and a
// table of unique 16-byte keys. 500 new keys per transaction, synchronous=FULL, checkpoints out of the way.
//   layout.entry <folder> <known keys> <worker>
import { randomBytes, randomFillSync } from "node:crypto";
import { statSync } from "node:fs";
import { join } from "node:path";
import Driver from "better-sqlite3";
import { openDatabase } from "sluice/plugin-sdk/store";
import type { LedgerProcedures } from "../../extensions/capture-ingest/ledger/procedures.ts";

const [folder = "", count = "0", workerFile = ""] = process.argv.slice(2);
const known = Number(count);
const BATCH = 500;
const ROUNDS = 200;

const row = (what: string, value: number, unit: string) =>
  console.log(`${what.padEnd(58)} ${value.toFixed(2).padStart(10)} ${unit}`);
const middle = (times: number[]) => times.sort((a, b) => a - b)[times.length >> 1] ?? 0;
const megabytes = (file: string) => statSync(file).size / 1_048_576;
const rss = () => process.memoryUsage().rss / 1_048_576;

const file = join(folder, "capture", "ingest.sqlite");
const before = rss();
const opening = performance.now();
const ledger = await openDatabase<LedgerProcedures>({ file, workerFile });
await ledger.call.ledger.open({ seed: randomBytes(16) });
await ledger.call.keys.adopt({} as never);
row(`${known / 1e6} M, ours: open until exact`, performance.now() - opening, "ms");
row(`${known / 1e6} M, ours: memory of worker, filters and recent keys`, rss() - before, "MB");

const input = (keys: Uint8Array, n: number) => ({
  tenant: "default",
  file: "Audio/2020-01-02.md",
  now: Date.now(),
  firstEntry: known + n * BATCH + 1,
  keys,
  ends: Uint32Array.from({ length: BATCH }, (_, index) => index + 1),
  bytes: new Uint8Array(BATCH),
  pluginId: "p",
  pluginVersion: "1.0.0",
  platform: "linux",
  sourceType: "audio_system",
  deviceId: "d",
  keyId: "k",
  response: { file: "", indexes: [] },
});
const fresh = Array.from({ length: ROUNDS }, () => new Uint8Array(randomBytes(BATCH * 16)));
for (const [what, expected] of [
  ["new keys", BATCH],
  ["known keys", 0],
] as const) {
  const times: number[] = [];
  for (const [n, keys] of fresh.entries()) {
    const started = performance.now();
    const answer = await ledger.call.batches.accept(input(keys, n));
    times.push(performance.now() - started);
    const stored = answer.kind === "accepted" ? answer.stored.reduce((sum, one) => sum + one, 0) : -1;
    if (stored !== expected) throw new Error(`expected ${expected}, got ${stored}`);
    if (answer.kind === "accepted" && answer.seq !== null)
      await ledger.call.batches.settle({ seqs: [answer.seq], keep: false });
  }
  row(`${known / 1e6} M, ours: 500 ${what}, durable, p50 with the hop`, middle(times), "ms");
}
await ledger.dispose();
row(`${known / 1e6} M, ours: file`, megabytes(file), "MB");

const plainFile = join(folder, "plain.sqlite");
const plain = new Driver(plainFile);
plain.pragma("journal_mode = WAL");
plain.pragma("synchronous = OFF");
plain.pragma("wal_autocheckpoint = 20000");
plain.exec("CREATE TABLE seen (key BLOB PRIMARY KEY) WITHOUT ROWID");
const insert = plain.prepare("INSERT OR IGNORE INTO seen (key) VALUES (?)");
const key = Buffer.alloc(16);
plain.transaction(() => {
  for (let index = 0; index < known; index++) {
    randomFillSync(key);
    key.writeUInt32BE(Math.floor((index / known) * 2 ** 32));
    insert.run(key);
  }
})();
plain.pragma("wal_checkpoint(TRUNCATE)");
plain.pragma("synchronous = FULL");
const store = plain.transaction((keys: Uint8Array) => {
  for (let at = 0; at < keys.length; at += 16) insert.run(keys.subarray(at, at + 16));
});
for (const what of ["new keys", "known keys"]) {
  const times: number[] = [];
  for (const keys of fresh) {
    const started = performance.now();
    store(keys);
    times.push(performance.now() - started);
  }
  row(`${known / 1e6} M, unique table: 500 ${what}, durable, p50 without a hop`, middle(times), "ms");
}
plain.close();
row(`${known / 1e6} M, unique table: file`, megabytes(plainFile), "MB");
