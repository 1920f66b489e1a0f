import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { SluiceError } from "../../kernel/errors.ts";
import type { SqliteConnection } from "./sqlite.ts";
import type { Migration, StoreErrorCode } from "./types.ts";
import { copyBeforeUpgrade, upgradeCopyOf } from "./upgrade-copy.ts";

interface Applied {
  version: number;
  name: string;
  checksum: string;
  database_name: string;
}

/** The checksum under which a migration is remembered. */
export function migrationChecksum(migration: Migration): string {
  return createHash("sha256").update(migration.sql).digest("hex");
}

/**
 * Brings the schema up to date, each migration in a transaction of its own, and remembers it in
 * `schema_info`. Forward only; an existing database is copied first.
 *
 * @throws SluiceError `STORE_NEWER_THAN_PROGRAM` when the file was written by a later program,
 *   `STORE_MIGRATION_CHANGED` when an applied migration is not the one known here,
 *   `STORE_OPEN_FAILED` when the file belongs to another database or the list itself is wrong
 */
export function migrate(connection: SqliteConnection, name: string, migrations: readonly Migration[]): void {
  assertNumbered(name, migrations);
  connection.script(
    "CREATE TABLE IF NOT EXISTS schema_info (version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, " +
      "checksum TEXT NOT NULL, database_name TEXT NOT NULL)",
  );
  const applied = connection
    .prepare("SELECT version, name, checksum, database_name FROM schema_info ORDER BY version")
    .all() as Applied[];
  assertKnown(connection.file, name, migrations, applied);
  if (applied.length > 0 && applied.length < migrations.length) {
    copyBeforeUpgrade(connection, applied.length);
  }
  for (const migration of migrations.slice(applied.length)) apply(connection, name, migration);
}

function apply(connection: SqliteConnection, name: string, migration: Migration): void {
  connection.begin();
  try {
    connection.script(migration.sql);
    connection
      .prepare("INSERT INTO schema_info (version, name, checksum, database_name) VALUES (?, ?, ?, ?)")
      .run(migration.version, migration.name, migrationChecksum(migration), name);
    connection.commit();
  } catch (error) {
    connection.rollback();
    throw error;
  }
}

function assertNumbered(name: string, migrations: readonly Migration[]): void {
  migrations.forEach((migration, index) => {
    if (migration.version === index + 1) return;
    throw refused("STORE_OPEN_FAILED", `migrations of "${name}" must be numbered 1, 2, 3…`, {
      expected: index + 1,
      found: migration.version,
    });
  });
}

function assertKnown(
  file: string,
  name: string,
  migrations: readonly Migration[],
  applied: readonly Applied[],
): void {
  const newest = applied.at(-1)?.version ?? 0;
  const foreign = applied.find((row) => row.database_name !== name);
  if (foreign) {
    throw refused(
      "STORE_OPEN_FAILED",
      `${file} holds the database "${foreign.database_name}", not "${name}"`,
      {
        expected: name,
        found: foreign.database_name,
      },
    );
  }
  if (newest > migrations.length) {
    const copy = upgradeCopyOf(file, migrations.length);
    const wayBack = existsSync(copy)
      ? `put ${copy} in its place, the copy made before the upgrade (what came since is not in it)`
      : "restore a backup made before the upgrade";
    throw refused(
      "STORE_NEWER_THAN_PROGRAM",
      `database "${name}" has schema ${newest}, this program knows ${migrations.length}: ` +
        `start the newer program, or ${wayBack}`,
      { found: newest, supported: migrations.length, file },
    );
  }
  applied.forEach((row, index) => {
    const migration = migrations[index] as Migration;
    if (row.version === migration.version && row.checksum === migrationChecksum(migration)) return;
    throw refused(
      "STORE_MIGRATION_CHANGED",
      `migration ${row.version} (${row.name}) of database "${name}" is not the one that was applied to ${file}: ` +
        "install the program that created it, or restore a backup",
      { version: row.version, name: row.name, file },
    );
  });
}

function refused(code: StoreErrorCode, message: string, details: object): SluiceError<StoreErrorCode> {
  return new SluiceError(code, message, { details });
}
