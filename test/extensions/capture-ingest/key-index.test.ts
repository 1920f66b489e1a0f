import { createHash, randomBytes } from "node:crypto";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { KeyFilter } from "../../../extensions/capture-ingest/ledger/key-filter.ts";
import type { LedgerProcedures } from "../../../extensions/capture-ingest/ledger/procedures.ts";
import { openDatabase } from "../../../src/store/engine/index.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { workerFile } from "./support.ts";

const KEYS_PER_RUN = 64;

async function openLedger(file: string) {
  const ledger = await openDatabase<LedgerProcedures>({ file, workerFile });
  onTestFinished(() => ledger.dispose().catch(() => {}));
  await ledger.call.ledger.open({ seed: randomBytes(16) });
  return ledger;
}

const keyOf = (name: string) => createHash("sha256").update(name).digest().subarray(0, 16);

function input(names: readonly string[], extra = {}) {
  return {
    tenant: "t",
    file: "Notes/2026-03-01.md",
    now: 1_000,
    firstEntry: 1,
    keys: new Uint8Array(Buffer.concat(names.map(keyOf))),
    ends: Uint32Array.from(names.map((_, index) => index + 1)),
    bytes: new Uint8Array(names.length),
    pluginId: "p",
    pluginVersion: "1.0.0",
    platform: "web",
    sourceType: "notes",
    deviceId: "d",
    keyId: "k",
    response: { file: "Notes/2026-03-01.md", indexes: names.map((_, index) => index) },
    ...extra,
  };
}

async function arrange(ledger: Awaited<ReturnType<typeof openLedger>>): Promise<number> {
  for (let steps = 0; ; steps++) {
    const next = await ledger.call.keys.upkeep({ keysPerRun: KEYS_PER_RUN });
    if (next === "idle") return steps;
    if (next === "adopt") await ledger.call.keys.adopt({} as never);
  }
}

describe("the index of known references", () => {
  it("stays exact through runs, merges, interruptions and restarts", async () => {
    const file = join(await temporaryFolder(), "ingest.sqlite");
    let ledger = await openLedger(file);
    const known: string[] = [];
    let runs = 0;
    for (let round = 0; round < 60; round++) {
      const fresh = Array.from({ length: 40 }, (_, index) => `${round}-${index}`);
      const repeated = Array.from(
        { length: 10 },
        (_, index) => known[(round * 31 + index * 97) % (known.length || 1)] ?? `x${index}`,
      );
      const names = [...fresh, ...repeated, ...fresh.slice(0, 3)];
      const answer = await ledger.call.batches.accept(input(names));
      if (answer.kind !== "accepted") throw new Error(answer.kind);
      const expected = names.map((name, index) =>
        known.includes(name) || names.indexOf(name) < index ? 0 : 1,
      );
      expect([...answer.stored]).toEqual(expected);
      for (const name of names) if (!known.includes(name)) known.push(name);
      await ledger.call.batches.settle({ seqs: [answer.seq as number], keep: false });
      // Some rounds leave a merge half done.
      for (let step = 0; step < round % 4; step++) {
        const next = await ledger.call.keys.upkeep({ keysPerRun: KEYS_PER_RUN });
        if (next === "adopt") runs = (await ledger.call.keys.adopt({} as never)).runs;
      }
      if (round % 17 === 16) {
        await ledger.dispose();
        ledger = await openLedger(file);
      }
      if (round % 20 === 19) await arrange(ledger);
    }
    await arrange(ledger);
    ({ runs } = await ledger.call.keys.adopt({} as never));
    expect(runs).toBeGreaterThan(0);
    expect(runs).toBeLessThan(10);
    for (let at = 0; at < known.length; at += 100) {
      const answer = await ledger.call.batches.accept(input(known.slice(at, at + 100)));
      expect(answer).toMatchObject({ kind: "accepted", seq: null });
    }
  });

  it("does not count a batch that was cancelled, and lets waiting batches have its references", async () => {
    const ledger = await openLedger(join(await temporaryFolder(), "ingest.sqlite"));
    const first = await ledger.call.batches.accept(input(["a", "b"]));
    expect(first).toMatchObject({ kind: "accepted", seq: 1 });
    expect(await ledger.call.batches.accept(input(["b", "c"]))).toEqual({ kind: "wait", seqs: [1] });
    await ledger.call.batches.cancel({ seqs: [1] });
    const second = await ledger.call.batches.accept(input(["b", "c"]));
    expect(second).toMatchObject({ kind: "accepted", stored: Uint8Array.from([1, 1]) });
    await ledger.call.batches.settle({ seqs: [1], keep: false });
    expect(await ledger.call.batches.accept(input(["a", "b", "c"]))).toMatchObject({
      stored: Uint8Array.from([1, 0, 0]),
    });
  });

  it("never makes runs of what is not settled", async () => {
    const ledger = await openLedger(join(await temporaryFolder(), "ingest.sqlite"));
    for (let batch = 0; batch < 6; batch++)
      await ledger.call.batches.accept(input(Array.from({ length: 40 }, (_, index) => `${batch}-${index}`)));
    expect(await ledger.call.keys.upkeep({ keysPerRun: KEYS_PER_RUN })).toBe("idle");
    await ledger.call.batches.settle({ seqs: [1, 2, 4, 5, 6], keep: false });
    await arrange(ledger);
    expect(await ledger.call.keys.adopt({} as never)).toEqual({ recent: 160, runs: 1 });
  });

  it("forgets runs older than the retention, and only those", async () => {
    const ledger = await openLedger(join(await temporaryFolder(), "ingest.sqlite"));
    for (const [prefix, now] of [
      ["old", 1_000],
      ["new", 9_000],
    ] as const) {
      const names = Array.from({ length: 80 }, (_, index) => `${prefix}-${index}`);
      const answer = await ledger.call.batches.accept(input(names, { now }));
      if (answer.kind === "accepted" && answer.seq)
        await ledger.call.batches.settle({ seqs: [answer.seq], keep: false });
      await arrange(ledger);
    }
    expect(await ledger.call.keys.expire({ before: 5_000 })).toBe(true);
    await ledger.call.keys.adopt({} as never);
    await arrange(ledger);
    expect(await ledger.call.batches.accept(input(["old-1", "new-1"]))).toMatchObject({
      stored: Uint8Array.from([1, 0]),
    });
  });

  it("has a filter without false negatives and with few false alarms", () => {
    const filter = KeyFilter.sized(10_000);
    const keys = Buffer.concat(Array.from({ length: 20_000 }, (_, index) => keyOf(String(index))));
    for (let index = 0; index < 10_000; index++) filter.add(keys, index * 16);
    let alarms = 0;
    for (let index = 0; index < 20_000; index++) {
      const held = filter.mayHold(keys, index * 16);
      if (index < 10_000) expect(held).toBe(true);
      else if (held) alarms++;
    }
    expect(alarms).toBeLessThan(60);
  });
});
