import { createHash } from "node:crypto";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { migrate } from "../../../src/store/engine/migrate.ts";
import { SqliteConnection } from "../../../src/store/engine/sqlite.ts";
import type { Migration } from "../../../src/store/engine/types.ts";
import { coreMigrations } from "../../../src/store/migrations/index.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const first: Migration = { version: 1, name: "first", sql: "CREATE TABLE kept (value BIGINT NOT NULL);" };
const second: Migration = { version: 2, name: "second", sql: "CREATE INDEX kept_value ON kept (value);" };

async function connection() {
  return SqliteConnection.open(join(await temporaryFolder(), "sample.db"), 100);
}

function tablesOf(opened: SqliteConnection): unknown[] {
  return opened.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").all();
}

describe("the schema of a database", () => {
  it.each(coreMigrations)("knows the checksum of $name beforehand", ({ sql, checksum }) => {
    expect(checksum).toBe(createHash("sha256").update(sql).digest("hex"));
  });

  it("is made at once in a new file, or not at all", async () => {
    const opened = await connection();
    const broken = { ...second, sql: "CREATE INDEX lost ON nowhere (value);" };
    expect(() => migrate(opened, "sample", [first, broken])).toThrow("nowhere");
    expect(tablesOf(opened)).toEqual([]);
    migrate(opened, "sample", [first, second]);
    expect(tablesOf(opened)).toEqual([{ name: "kept" }, { name: "schema_info" }]);
    opened.close();
  });

  it("keeps the steps of an upgrade that were made before one failed", async () => {
    const opened = await connection();
    migrate(opened, "sample", [first]);
    const third = { version: 3, name: "third", sql: "CREATE INDEX lost ON nowhere (value);" };
    expect(() => migrate(opened, "sample", [first, second, third])).toThrow("nowhere");
    expect(opened.prepare("SELECT version FROM schema_info ORDER BY version").all()).toEqual([
      { version: 1 },
      { version: 2 },
    ]);
    opened.close();
  });

  it("refuses a migration that was changed, whether it brings its checksum or not", async () => {
    const opened = await connection();
    migrate(opened, "sample", [first]);
    const same = { ...first, checksum: createHash("sha256").update(first.sql).digest("hex") };
    migrate(opened, "sample", [same]);
    for (const changed of [
      { ...first, sql: "CREATE TABLE other (value BIGINT NOT NULL);" },
      { ...first, checksum: "0".repeat(64) },
    ])
      expect(() => migrate(opened, "sample", [changed])).toThrow("is not the one that was applied");
    opened.close();
  });
});
