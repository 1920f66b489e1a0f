import { readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { SqliteConnection } from "./sqlite.ts";

/** A larger database is upgraded without a copy: a start must not take minutes. */
export const MAX_COPIED_BYTES = 512 * 1_024 * 1_024;
/** Copies kept; an upgrade that was interrupted between two steps makes a second one. */
export const MAX_UPGRADE_COPIES = 2;

/** Where the copy of a database lies that an upgrade made of its schema. */
export function upgradeCopyOf(file: string, schema: number): string {
  return `${file}.schema-${schema}`;
}

/**
 * Copies a database before its schema changes, so that who goes back to the older program has something to go
 * back to. Without room for a copy the upgrade goes on: each of its steps is a transaction.
 *
 * @returns the copy, or `undefined` when there is none
 */
export function copyBeforeUpgrade(
  connection: SqliteConnection,
  schema: number,
  maxBytes = MAX_COPIED_BYTES,
): string | undefined {
  const { fileBytes, walBytes } = connection.sizes();
  if (fileBytes + walBytes > maxBytes) return undefined;
  const target = upgradeCopyOf(connection.file, schema);
  const partial = `${target}.partial`;
  try {
    rmSync(partial, { force: true });
    connection.copyTo(partial);
    renameSync(partial, target);
    removeOldest(connection.file);
    return target;
  } catch {
    rmSync(partial, { force: true });
    return undefined;
  }
}

function removeOldest(file: string): void {
  const folder = dirname(file);
  const prefix = `${basename(file)}.schema-`;
  const schemas = readdirSync(folder)
    .filter((name) => name.startsWith(prefix))
    .map((name) => Number(name.slice(prefix.length)))
    .filter(Number.isInteger)
    .sort((a, b) => b - a);
  for (const schema of schemas.slice(MAX_UPGRADE_COPIES)) {
    rmSync(join(folder, `${prefix}${schema}`), { force: true });
  }
}
