import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { GroupCommit, PROCEDURE_LIMIT_MS } from "../../../src/store/engine/group-commit.ts";
import { migrate } from "../../../src/store/engine/migrate.ts";
import { MAX_PREPARED_STATEMENTS, SqliteConnection } from "../../../src/store/engine/sqlite.ts";
import type { DatabaseDefinition, Transaction } from "../../../src/store/engine/types.ts";
import type { WireAnswer, WireCall } from "../../../src/store/engine/wire.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { sampleDefinition } from "../support/sample-definition.ts";

interface Fixture {
  connection: SqliteConnection;
  commit(...calls: [group: string, name: string, input: unknown][]): Promise<WireAnswer[]>;
}

async function openFixture(definition: DatabaseDefinition = sampleDefinition): Promise<Fixture> {
  const connection = SqliteConnection.open(join(await temporaryFolder(), "sample.db"), 100);
  onTestFinished(() => connection.close());
  migrate(connection, "sample", sampleDefinition.migrations);
  const commits = new GroupCommit(connection, definition);
  return {
    connection,
    async commit(...calls) {
      const queue: WireCall[] = calls.map(([group, name, input], index) => [
        index,
        `${group}.${name}`,
        input,
      ]);
      const answers: WireAnswer[] = [];
      while (queue.length > 0) answers.push(...(await commits.next(queue)));
      return answers;
    },
  };
}

describe("group commit on SQLite", () => {
  it("acknowledges nothing of a group the full disk undid, and works again once there is room", async () => {
    const { connection, commit } = await openFixture();
    connection.script("PRAGMA max_page_count = 30");
    const answers = await commit(
      ["ledger", "add", { name: "a", by: 1 }],
      ["ledger", "append", { note: "large", bytes: 400_000 }],
    );
    const codes = answers.map((answer) => (answer[1] ? "ok" : answer[2].code));
    expect(codes.at(-1)).toBe("STORE_FULL");
    const [[, , balances]] = (await commit(["ledger", "all", {}])) as [
      [number, true, Record<string, number>],
    ];
    // Either the engine undid the one call or the whole group; what was acknowledged is there, and only that.
    expect(balances).toEqual(codes[0] === "ok" ? { a: 1 } : {});
    connection.script("PRAGMA max_page_count = 100000");
    expect(await commit(["ledger", "append", { note: "large", bytes: 400_000 }])).toEqual([[0, true, 1]]);
  });

  it("keeps a bounded number of prepared statements", async () => {
    const { connection, commit } = await openFixture();
    const count = MAX_PREPARED_STATEMENTS * 2;
    expect(await commit(["rogue", "manyStatements", { count }])).toEqual([
      [0, true, (count * (count - 1)) / 2],
    ]);
    expect(connection.preparedStatements).toBe(MAX_PREPARED_STATEMENTS);
    expect(await commit(["ledger", "add", { name: "a", by: 1 }])).toEqual([[0, true, 1]]);
  });

  it("fails a procedure that waits for something other than its transaction, and undoes it", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const stuck = async (tx: Transaction) => {
      await tx.run("INSERT INTO balances (name, amount) VALUES ('stuck', 1)");
      await new Promise(() => {});
    };
    const procedures = { ...sampleDefinition.procedures, slow: { stuck } };
    const { commit } = await openFixture({ ...sampleDefinition, procedures });
    const answers = commit(["slow", "stuck", {}], ["ledger", "all", {}]);
    await vi.advanceTimersByTimeAsync(PROCEDURE_LIMIT_MS);
    expect(await answers).toMatchObject([
      [0, false, { code: "STORE_FAILED", message: expect.stringContaining("slow.stuck") }],
      [1, true, {}],
    ]);
  });

  it("does not acknowledge a procedure that swallowed the loss of its transaction", async () => {
    const swallow = async (tx: Transaction) => {
      await tx.run("INSERT INTO balances (name, amount) VALUES ('lost', 1)");
      connection.rollback();
      return "fine";
    };
    const procedures = { ...sampleDefinition.procedures, bad: { swallow } };
    const { connection, commit } = await openFixture({ ...sampleDefinition, procedures });
    const answers = await commit(["ledger", "add", { name: "a", by: 1 }], ["bad", "swallow", {}]);
    expect(answers).toMatchObject([
      [0, false, { code: "STORE_FAILED" }],
      [1, false, { code: "STORE_FAILED" }],
    ]);
    expect(await commit(["ledger", "all", {}])).toEqual([[0, true, {}]]);
  });
});
