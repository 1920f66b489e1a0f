import { copyFile, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { migrate } from "../../../src/store/engine/migrate.ts";
import { SqliteConnection } from "../../../src/store/engine/sqlite.ts";
import type { Migration } from "../../../src/store/engine/types.ts";
import { copyBeforeUpgrade, MAX_UPGRADE_COPIES } from "../../../src/store/engine/upgrade-copy.ts";
import { coreMigrations } from "../../../src/store/migrations/index.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const step = (version: number): Migration => ({
  version,
  name: `step-${version}`,
  sql: `CREATE TABLE made_by_${version} (value BIGINT NOT NULL);`,
});
const upTo = (version: number) => Array.from({ length: version }, (_, index) => step(index + 1));

async function database() {
  const folder = await temporaryFolder();
  const file = join(folder, "the owner's sample.db");
  const use = (version: number, work: (connection: SqliteConnection) => void = () => {}) => {
    const connection = SqliteConnection.open(file, 100);
    try {
      migrate(connection, "sample", upTo(version));
      work(connection);
    } finally {
      connection.close();
    }
  };
  const copies = async () => (await readdir(folder)).filter((name) => name.includes(".schema-")).sort();
  return { folder, file, use, copies };
}

const put = (value: number) => (connection: SqliteConnection) =>
  connection.script(`INSERT INTO made_by_1 (value) VALUES (${value})`);

describe("an upgrade", () => {
  it("leaves a copy that the older program goes on with, and the newer one says where it is", async () => {
    const { file, use, copies } = await database();
    use(1, put(7));
    expect(await copies()).toEqual([]);
    use(2);
    expect(await copies()).toEqual(["the owner's sample.db.schema-1"]);
    expect((await stat(`${file}.schema-1`)).mode & 0o777).toBe(0o600);
    expect(() => use(1)).toThrow(`put ${file}.schema-1 in its place`);
    await copyFile(`${file}.schema-1`, file);
    use(1, (connection) => {
      expect(connection.prepare("SELECT value FROM made_by_1").all()).toEqual([{ value: 7 }]);
    });
  });

  it("makes no copy of a new database, nor when nothing changes", async () => {
    const { use, copies } = await database();
    use(2);
    use(2);
    expect(await copies()).toEqual([]);
  });

  it("keeps a bounded number of copies, the newest", async () => {
    const { use, copies } = await database();
    for (let version = 1; version <= MAX_UPGRADE_COPIES + 3; version++) use(version);
    const newest = MAX_UPGRADE_COPIES + 2;
    expect(await copies()).toEqual([
      `the owner's sample.db.schema-${newest - 1}`,
      `the owner's sample.db.schema-${newest}`,
    ]);
  });

  it("goes on without a copy when there is no place for one, and takes the rest of an earlier try away", async () => {
    const { file, use, copies } = await database();
    use(1, put(1));
    await writeFile(`${file}.schema-1.partial`, "half");
    use(1, (connection) => expect(copyBeforeUpgrade(connection, 1, 10)).toBeUndefined());
    use(2);
    expect(await copies()).toEqual(["the owner's sample.db.schema-1"]);
  });

  it("brings the core database from every earlier schema to this one", async () => {
    for (let from = 1; from < coreMigrations.length; from++) {
      const file = join(await temporaryFolder(), "core.db");
      for (const migrations of [coreMigrations.slice(0, from), coreMigrations]) {
        const connection = SqliteConnection.open(file, 100);
        migrate(connection, "sluice", migrations);
        connection.close();
      }
    }
  });
});
