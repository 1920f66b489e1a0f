import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Database, DatabaseOptions } from "../../../src/store/engine/types.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import type { SampleProcedures } from "../support/sample-definition.ts";

export type SampleDatabase = Database<SampleProcedures>;

/** What an engine's test file supplies. `variant` picks another build of the sample database. */
export interface EngineUnderTest {
  open(
    place: string,
    options?: Pick<DatabaseOptions, "maxQueued" | "lockWaitMs" | "onFailure"> & { variant?: SampleVariant },
  ): Promise<SampleDatabase>;
  /** Opens a backup file as a database of its own. */
  openBackup(file: string): Promise<SampleDatabase>;
}

/** `grown` has a second migration, `changed` another first one, `foreign` another name, `failing` a broken second one. */
export type SampleVariant = "sample" | "grown" | "changed" | "foreign" | "failing" | "gap";

/** Every promise of `Database` that does not depend on what is below it. */
export function engineContract(name: string, engine: EngineUnderTest): void {
  const open: EngineUnderTest["open"] = async (place, options) => {
    const database = await engine.open(place, options);
    onTestFinished(() => database.dispose());
    return database;
  };

  describe(`${name}: procedures`, () => {
    it("undoes a failing procedure as a whole and passes its error with everything it carries", async () => {
      const { call } = await open(await temporaryFolder());
      await call.ledger.add({ name: "kept", by: 1 });
      await expect(call.ledger.addThenFail({ name: "kept", by: 5 })).rejects.toMatchObject({
        code: "LEDGER_REFUSED",
        message: "the ledger says no",
        details: { name: "kept" },
        retryable: true,
        retryAfterMs: 250,
      });
      await expect(call.ledger.insertTwice({ name: "twice" })).rejects.toMatchObject({
        code: "STORE_CONFLICT",
      });
      expect(await call.ledger.all({})).toEqual({ kept: 1 });
    });

    it("keeps the others of a group when one of them fails", async () => {
      const { call } = await open(await temporaryFolder());
      const results = await Promise.allSettled([
        call.ledger.add({ name: "a", by: 1 }),
        call.ledger.addThenFail({ name: "a", by: 100 }),
        call.ledger.readThenFail({ name: "a" }),
        call.ledger.add({ name: "a", by: 2 }),
      ]);
      expect(results.map((result) => result.status)).toEqual([
        "fulfilled",
        "rejected",
        "rejected",
        "fulfilled",
      ]);
      expect(await call.ledger.read({ name: "a" })).toBe(3);
    });

    it("acknowledges nobody of a group whose commit fails", async () => {
      const { call } = await open(await temporaryFolder());
      const results = await Promise.allSettled([
        call.ledger.add({ name: "a", by: 1 }),
        call.rogue.breakPromise({ name: "nobody" }),
        call.ledger.add({ name: "b", by: 1 }),
      ]);
      for (const result of results) {
        expect(result).toMatchObject({ status: "rejected", reason: { code: "STORE_CONFLICT" } });
      }
      expect(await call.ledger.all({})).toEqual({});
      expect(await call.ledger.add({ name: "a", by: 1 })).toBe(1);
    });

    it("runs calls in the order they were made", async () => {
      const { call } = await open(await temporaryFolder());
      const notes = Array.from({ length: 300 }, (_, index) => `note ${index}`);
      const positions = await Promise.all(notes.map((note) => call.ledger.append({ note })));
      expect(positions).toEqual(notes.map((_, index) => index + 1));
      expect(await call.ledger.notes({})).toEqual(notes);
    });

    it("commits many waiting calls at once", async () => {
      const database = await open(await temporaryFolder());
      await Promise.all(Array.from({ length: 500 }, () => database.call.ledger.add({ name: "a", by: 1 })));
      const { calls, commits } = await database.stats();
      expect(calls).toBe(500);
      expect(calls / commits).toBeGreaterThan(5);
    });

    it("carries bytes, nulls and large whole numbers unchanged", async () => {
      const { call } = await open(await temporaryFolder());
      await call.ledger.append({ note: "ünïcode \u0000 😀", bytes: 5_000 });
      const bytes = await call.ledger.bytes({ position: 1 });
      expect(bytes).toEqual(new Uint8Array(5_000).fill(1));
      expect(await call.ledger.notes({})).toEqual(["ünïcode \u0000 😀"]);
      await call.ledger.add({ name: "big", by: Number.MAX_SAFE_INTEGER });
      expect(await call.ledger.read({ name: "big" })).toBe(Number.MAX_SAFE_INTEGER);
      expect(await call.ledger.read({ name: "nobody" })).toBeUndefined();
    });

    it("reports a wrong statement, a procedure that is not there, and values that can not cross", async () => {
      const { call } = await open(await temporaryFolder());
      await expect(call.rogue.wrongStatement({})).rejects.toMatchObject({ code: "STORE_FAILED" });
      const unknown = call as unknown as { nowhere: { nothing(input: unknown): Promise<unknown> } };
      await expect(unknown.nowhere.nothing({})).rejects.toThrow(/no procedure nowhere\.nothing/);
      const [bad, good] = await Promise.allSettled([
        call.ledger.add({ name: "f", by: (() => 1) as unknown as number }),
        call.ledger.add({ name: "a", by: 1 }),
      ]);
      expect(bad).toMatchObject({ status: "rejected", reason: { code: "STORE_FAILED" } });
      expect(good).toEqual({ status: "fulfilled", value: 1 });
      await expect(call.rogue.answersFunction({ name: "x" })).rejects.toThrow(/can not be passed/);
    });

    it("refuses procedures that meddle with the transaction or use it after their end", async () => {
      const { call } = await open(await temporaryFolder());
      await expect(call.rogue.commits({})).rejects.toMatchObject({ code: "STORE_FAILED" });
      await call.ledger.add({ name: "a", by: 1 });
      await call.rogue.keepsTransaction({});
      await expect(call.rogue.usesKeptTransaction({})).rejects.toThrow(/after it ended/);
      expect(await call.ledger.read({ name: "a" })).toBe(1);
    });

    it("answers blocking calls after everything called before them", async () => {
      const { call, callSync } = await open(await temporaryFolder());
      const earlier = call.ledger.add({ name: "a", by: 2 });
      expect(callSync.ledger.add({ name: "a", by: 3 })).toBe(5);
      expect(await earlier).toBe(2);
      expect(() => callSync.ledger.addThenFail({ name: "a", by: 1 })).toThrow(
        expect.objectContaining({ code: "LEDGER_REFUSED", details: { name: "a" } }),
      );
      expect(callSync.ledger.read({ name: "a" })).toBe(5);
    });

    it("behaves like a plain map under any sequence of calls and failures", async () => {
      const place = await temporaryFolder();
      let database = await engine.open(place);
      onTestFinished(() => database.dispose());
      const model = new Map<string, number>();
      const name = fc.constantFrom("a", "b", "c");
      const amount = fc.integer({ min: -3, max: 5 });
      const step = fc.oneof(
        fc.record({ kind: fc.constant("add" as const), name, by: amount }),
        fc.record({ kind: fc.constant("fail" as const), name, by: amount }),
        fc.record({ kind: fc.constant("transfer" as const), from: name, to: name, amount: fc.nat(4) }),
        fc.record({ kind: fc.constant("insertTwice" as const), name }),
        fc.record({ kind: fc.constant("reopen" as const) }),
      );
      const group = fc.array(step, { maxLength: 12 });
      await fc.assert(
        fc.asyncProperty(group, async (steps) => {
          const running: Promise<unknown>[] = [];
          for (const one of steps) {
            const { call } = database;
            if (one.kind === "add") {
              running.push(call.ledger.add(one));
              model.set(one.name, (model.get(one.name) ?? 0) + one.by);
            } else if (one.kind === "fail") {
              running.push(call.ledger.addThenFail(one).catch(() => "failed"));
            } else if (one.kind === "insertTwice") {
              running.push(call.ledger.insertTwice(one).catch(() => "failed"));
            } else if (one.kind === "transfer") {
              running.push(call.ledger.transfer(one).catch(() => "failed"));
              const left = (model.get(one.from) ?? 0) - one.amount;
              if (left >= 0) {
                model.set(one.from, left);
                model.set(one.to, (model.get(one.to) ?? 0) + one.amount);
              }
            } else {
              await Promise.all(running.splice(0));
              await database.dispose();
              database = await engine.open(place);
            }
          }
          await Promise.all(running);
          expect(await database.call.ledger.all({})).toEqual(Object.fromEntries(model));
        }),
        { numRuns: 40 },
      );
    });
  });

  describe(`${name}: bounds and failures`, () => {
    it("refuses one call more than may wait, and takes calls again afterwards", async () => {
      const { call } = await open(await temporaryFolder(), { maxQueued: 3 });
      const waiting = [1, 2, 3].map((by) => call.ledger.add({ name: "a", by }));
      await expect(call.ledger.add({ name: "a", by: 4 })).rejects.toMatchObject({
        code: "STORE_BUSY",
        retryable: true,
        details: { maxQueued: 3 },
      });
      await Promise.all(waiting);
      expect(await call.ledger.add({ name: "a", by: 4 })).toBe(10);
    });

    it("rejects everything in flight and reports it when the worker dies", async () => {
      const failures: Error[] = [];
      const { call } = await open(await temporaryFolder(), { onFailure: (error) => failures.push(error) });
      const results = await Promise.allSettled([
        call.rogue.crash({}),
        call.ledger.add({ name: "a", by: 1 }),
        call.ledger.add({ name: "a", by: 1 }),
      ]);
      for (const result of results) {
        expect(result).toMatchObject({ status: "rejected", reason: { code: "STORE_FAILED" } });
      }
      expect(failures).toHaveLength(1);
      await expect(call.ledger.read({ name: "a" })).rejects.toMatchObject({ code: "STORE_FAILED" });
    });

    it("finishes what is queued when it closes, then refuses", async () => {
      const place = await temporaryFolder();
      const database = await open(place);
      const last = database.call.ledger.add({ name: "a", by: 7 });
      const closed = database.dispose();
      await expect(database.call.ledger.add({ name: "a", by: 1 })).rejects.toMatchObject({
        code: "STORE_CLOSED",
      });
      expect(await last).toBe(7);
      await closed;
      await database.dispose();
      const again = await open(place);
      expect(await again.call.ledger.all({})).toEqual({ a: 7 });
    });

    it("lets one process have the database at a time", async () => {
      const place = await temporaryFolder();
      await open(place);
      await expect(engine.open(place, { lockWaitMs: 50 })).rejects.toMatchObject({
        code: "STORE_BUSY",
        retryable: true,
      });
    });

    it("says what is wrong with a file that is not a database", async () => {
      const place = await temporaryFolder();
      await writeFile(join(place, "sample.db"), "this is certainly not a database file, is it? ".repeat(100));
      await expect(engine.open(place)).rejects.toMatchObject({ code: "STORE_CORRUPT" });
    });

    it("says that a file can not be opened", async () => {
      const place = await temporaryFolder();
      await mkdir(join(place, "sample.db"));
      await expect(engine.open(place)).rejects.toMatchObject({ code: "STORE_OPEN_FAILED" });
    });
  });

  describe(`${name}: migrations`, () => {
    it("applies what is missing and keeps what is there", async () => {
      const place = await temporaryFolder();
      const first = await engine.open(place);
      await first.call.ledger.add({ name: "a", by: 1 });
      await first.dispose();
      const grown = await open(place, { variant: "grown" });
      expect(await grown.call.ledger.all({})).toEqual({ a: 1 });
    });

    it("refuses a database that a newer program wrote, and names both versions", async () => {
      const place = await temporaryFolder();
      await (await engine.open(place, { variant: "grown" })).dispose();
      await expect(engine.open(place)).rejects.toMatchObject({
        code: "STORE_NEWER_THAN_PROGRAM",
        details: { found: 2, supported: 1 },
      });
    });

    it("refuses when an applied migration has changed", async () => {
      const place = await temporaryFolder();
      await (await engine.open(place)).dispose();
      await expect(engine.open(place, { variant: "changed" })).rejects.toMatchObject({
        code: "STORE_MIGRATION_CHANGED",
        details: { version: 1 },
      });
    });

    it("refuses the database of another program and a list with gaps", async () => {
      const place = await temporaryFolder();
      await (await engine.open(place)).dispose();
      await expect(engine.open(place, { variant: "foreign" })).rejects.toMatchObject({
        code: "STORE_OPEN_FAILED",
        details: { expected: "foreign", found: "sample" },
      });
      await expect(engine.open(await temporaryFolder(), { variant: "gap" })).rejects.toThrow(/numbered/);
    });

    it("undoes a migration that fails and leaves the earlier ones", async () => {
      const place = await temporaryFolder();
      await expect(engine.open(place, { variant: "failing" })).rejects.toMatchObject({
        code: "STORE_OPEN_FAILED",
      });
      const database = await open(place);
      expect(await database.call.ledger.add({ name: "a", by: 1 })).toBe(1);
    });
  });

  describe(`${name}: backup and upkeep`, () => {
    it("copies a consistent state while writes go on", async () => {
      const place = await temporaryFolder();
      const { call, backup } = bound(await open(place));
      await call.ledger.add({ name: "total", by: 1_000_000 });
      for (let index = 0; index < 400; index++)
        void call.ledger.append({ note: `filler ${index}`, bytes: 4_000 });
      let writing = true;
      const writer = (async () => {
        while (writing) await call.ledger.transfer({ from: "total", to: "other", amount: 1 });
      })();
      const { bytes } = await backup(join(place, "backup.db"));
      writing = false;
      await writer;
      expect(bytes).toBeGreaterThan(1_000_000);
      const copy = await engine.openBackup(join(place, "backup.db"));
      onTestFinished(() => copy.dispose());
      const balances = await copy.call.ledger.all({});
      expect((balances["total"] ?? 0) + (balances["other"] ?? 0)).toBe(1_000_000);
      expect((await copy.call.ledger.notes({})).length).toBe(400);
    });

    it("reports a backup that can not be written and goes on", async () => {
      const place = await temporaryFolder();
      const { call, backup } = bound(await open(place));
      await expect(backup(join(place, "nowhere", "backup.db"))).rejects.toMatchObject({
        code: "STORE_FAILED",
      });
      expect(await call.ledger.add({ name: "a", by: 1 })).toBe(1);
    });

    it("gives freed space back in bounded steps", async () => {
      const database = await open(await temporaryFolder());
      const { call } = database;
      await Promise.all(
        Array.from({ length: 1_200 }, (_, index) =>
          call.ledger.append({ note: String(index), bytes: 8_000 }),
        ),
      );
      await database.maintain();
      const before = (await database.stats()).fileBytes;
      await call.ledger.removeNotes({});
      let steps = 1;
      while (await database.maintain()) steps++;
      expect(steps).toBeGreaterThan(1);
      expect((await database.stats()).fileBytes).toBeLessThan(before);
    });
  });
}

/** Methods that can be passed around. */
function bound(database: SampleDatabase): Pick<SampleDatabase, "call" | "backup"> {
  return { call: database.call, backup: (file) => database.backup(file) };
}
