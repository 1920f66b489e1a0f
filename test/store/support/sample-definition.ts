import { SluiceError } from "../../../src/kernel/errors.ts";
import type { DatabaseDefinition, Migration, Transaction } from "../../../src/store/engine/types.ts";

/** A ledger of named balances, made to provoke an engine. */
export const sampleMigrations: readonly Migration[] = [
  {
    version: 1,
    name: "ledger",
    sql: `
CREATE TABLE balances (name TEXT NOT NULL PRIMARY KEY, amount BIGINT NOT NULL);
CREATE TABLE entries (position BIGINT NOT NULL PRIMARY KEY, note TEXT NOT NULL, body BLOB);
CREATE TABLE promises (
  name TEXT NOT NULL REFERENCES balances (name) DEFERRABLE INITIALLY DEFERRED
);
`,
  },
];

async function add(tx: Transaction, input: { name: string; by: number }): Promise<number> {
  const row = await tx.get<{ amount: number }>(
    `INSERT INTO balances (name, amount) VALUES (?, ?)
     ON CONFLICT (name) DO UPDATE SET amount = balances.amount + excluded.amount RETURNING amount`,
    input.name,
    input.by,
  );
  return row?.amount ?? 0;
}

async function append(tx: Transaction, input: { note: string; bytes?: number }): Promise<number> {
  const last = await tx.get<{ top: number | null }>("SELECT MAX(position) AS top FROM entries");
  const position = (last?.top ?? 0) + 1;
  const body = input.bytes === undefined ? null : new Uint8Array(input.bytes).fill(position % 251);
  await tx.run("INSERT INTO entries (position, note, body) VALUES (?, ?, ?)", position, input.note, body);
  return position;
}

let kept: Transaction | undefined;

export const sampleProcedures = {
  ledger: {
    add,
    append,

    /** Writes, then fails with a typed error that carries everything an error can carry. */
    async addThenFail(tx: Transaction, input: { name: string; by: number }): Promise<number> {
      await add(tx, input);
      throw new SluiceError("LEDGER_REFUSED", "the ledger says no", {
        details: { name: input.name },
        retryable: true,
        retryAfterMs: 250,
      });
    },

    async readThenFail(tx: Transaction, input: { name: string }): Promise<number> {
      await tx.get("SELECT amount FROM balances WHERE name = ?", input.name);
      throw new Error("plain failure after a read");
    },

    /** Two writes of which the second breaks a rule: neither may remain. */
    async insertTwice(tx: Transaction, input: { name: string }): Promise<void> {
      await tx.run("INSERT INTO balances (name, amount) VALUES (?, ?)", input.name, 1);
      await tx.run("INSERT INTO balances (name, amount) VALUES (?, ?)", input.name, 2);
    },

    async transfer(tx: Transaction, input: { from: string; to: string; amount: number }): Promise<void> {
      if ((await add(tx, { name: input.from, by: -input.amount })) < 0) {
        throw new SluiceError("LEDGER_SHORT", "not enough on the account");
      }
      await add(tx, { name: input.to, by: input.amount });
    },

    async read(tx: Transaction, input: { name: string }): Promise<number | undefined> {
      const row = await tx.get<{ amount: number }>("SELECT amount FROM balances WHERE name = ?", input.name);
      return row?.amount;
    },

    async all(tx: Transaction, _input: Record<string, never>): Promise<Record<string, number>> {
      const rows = await tx.all<{ name: string; amount: number }>("SELECT name, amount FROM balances");
      return Object.fromEntries(rows.map((row) => [row.name, row.amount]));
    },

    async notes(tx: Transaction, _input: Record<string, never>): Promise<string[]> {
      const rows = await tx.all<{ note: string }>("SELECT note FROM entries ORDER BY position");
      return rows.map((row) => row.note);
    },

    async bytes(tx: Transaction, input: { position: number }): Promise<Uint8Array | undefined> {
      const row = await tx.get<{ body: Uint8Array }>(
        "SELECT body FROM entries WHERE position = ?",
        input.position,
      );
      return row?.body;
    },

    async removeNotes(tx: Transaction, _input: Record<string, never>): Promise<number> {
      return (await tx.run("DELETE FROM entries")).changes;
    },
  },

  /** Procedures that break the rules. */
  rogue: {
    async commits(tx: Transaction, _input: Record<string, never>): Promise<void> {
      await tx.run("COMMIT");
    },

    async answersFunction(tx: Transaction, input: { name: string }): Promise<unknown> {
      await add(tx, { name: input.name, by: 1 });
      return () => {};
    },

    async keepsTransaction(tx: Transaction, _input: Record<string, never>): Promise<void> {
      kept = tx;
    },

    async usesKeptTransaction(_tx: Transaction, _input: Record<string, never>): Promise<void> {
      await kept?.run("DELETE FROM balances");
    },

    async wrongStatement(tx: Transaction, _input: Record<string, never>): Promise<void> {
      await tx.run("INSERT INTO nowhere VALUES (1)");
    },

    /** Breaks a rule that is checked at the commit only. */
    async breakPromise(tx: Transaction, input: { name: string }): Promise<void> {
      await tx.run("INSERT INTO promises (name) VALUES (?)", input.name);
    },

    async crash(_tx: Transaction, _input: Record<string, never>): Promise<void> {
      process.exit(3);
    },

    async manyStatements(tx: Transaction, input: { count: number }): Promise<number> {
      let sum = 0;
      for (let index = 0; index < input.count; index++) {
        const row = await tx.get<{ value: number }>(`SELECT ${index} AS value`);
        sum += row?.value ?? 0;
      }
      return sum;
    },
  },
};

export type SampleProcedures = typeof sampleProcedures;

export const sampleDefinition: DatabaseDefinition<SampleProcedures> = {
  name: "sample",
  migrations: sampleMigrations,
  procedures: sampleProcedures,
};
