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

const SCHEMA_INFO =
  "CREATE TABLE IF NOT EXISTS schema_info (version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, " +
  "checksum TEXT NOT NULL, database_name TEXT NOT NULL)";

/** The checksum under which a migration is remembered. */
export function migrationChecksum({ checksum, sql }: Migration): string {
  return checksum ?? sha256(sql);
}

/** Node's cryptography is loaded only for who brings no checksum: it is a tenth of what a worker costs. */
function sha256(text: string): string {
  return process.getBuiltinModule("node:crypto").createHash("sha256").update(text).digest("hex");
}

/**
 * Brings the schema up to date and remembers it in `schema_info`: a new database at once, an existing one in
 * a transaction for each migration, after it was copied. Forward only.
 *
 * @throws SluiceError `STORE_NEWER_THAN_PROGRAM` when the file was written by a later program,
 *   `STORE_MIGRATION_CHANGED` when an applied migration is not the one known here,
 *   `STORE_OPEN_FAILED` when the file belongs to another database or the list itself is wrong
 */
export function migrate(connection: SqliteConnection, name: string, migrations: readonly Migration[]): void {
  assertNumbered(name, migrations);
  const applied = readApplied(connection);
  assertKnown(connection.file, name, migrations, applied);
  if (applied.length === 0) {
    inTransaction(connection, () => {
      connection.script(SCHEMA_INFO);
      for (const migration of migrations) apply(connection, name, migration);
    });
    return;
  }
  if (applied.length < migrations.length) copyBeforeUpgrade(connection, applied.length);
  for (const migration of migrations.slice(applied.length)) {
    inTransaction(connection, () => apply(connection, name, migration));
  }
}

/** Nothing in a new file, which has no such table yet. */
function readApplied(connection: SqliteConnection): Applied[] {
  const made = connection.prepare("SELECT 1 FROM sqlite_master WHERE name = 'schema_info'").get();
  if (made === undefined) return [];
  return connection
    .prepare("SELECT version, name, checksum, database_name FROM schema_info ORDER BY version")
    .all() as Applied[];
}

function apply(connection: SqliteConnection, name: string, migration: Migration): void {
  connection.script(migration.sql);
  connection
    .prepare("INSERT INTO schema_info (version, name, checksum, database_name) VALUES (?, ?, ?, ?)")
    .run(migration.version, migration.name, migrationChecksum(migration), name);
}

function inTransaction(connection: SqliteConnection, work: () => void): void {
  connection.begin();
  try {
    work();
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
