// Fills a ledger with random known keys, as years of capture would: preload.entry <state folder> <keys> <worker>.
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { openDatabase } from "sluice/plugin-sdk/store";
import type { LedgerProcedures } from "../../extensions/capture-ingest/ledger/procedures.ts";

const [stateDir = "", count = "0", workerFile = ""] = process.argv.slice(2);
const PER_BATCH = 5_000;

const ledger = await openDatabase<LedgerProcedures>({
  file: join(stateDir, "capture", "ingest.sqlite"),
  workerFile,
});
await ledger.call.ledger.open({ seed: randomBytes(16) });
for (let done = 0; done < Number(count); done += PER_BATCH) {
  const accepted = await ledger.call.batches.accept({
    tenant: "default",
    file: "Audio/2020-01-01.md",
    now: Date.now(),
    firstEntry: done + 1,
    keys: new Uint8Array(randomBytes(PER_BATCH * 16)),
    ends: Uint32Array.from({ length: PER_BATCH }, (_, index) => index + 1),
    bytes: new Uint8Array(PER_BATCH),
    pluginId: "old",
    pluginVersion: "1.0.0",
    platform: "linux",
    sourceType: "audio_system",
    deviceId: "old",
    keyId: "old",
    response: { file: "", indexes: [] },
  });
  if (accepted.kind === "accepted" && accepted.seq !== null)
    await ledger.call.batches.settle({ seqs: [accepted.seq], keep: false });
  if (done % (PER_BATCH * 13) === 0) await arrange();
}
await arrange();
await ledger.dispose();

async function arrange(): Promise<void> {
  for (;;) {
    const next = await ledger.call.keys.upkeep({});
    if (next === "idle") return;
    if (next === "adopt") await ledger.call.keys.adopt({} as never);
  }
}
