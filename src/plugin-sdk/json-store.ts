import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/** A file that is missing or unreadable as JSON gives the fallback. */
export async function readJsonFileWithFallback<T>(
  filePath: string,
  fallback: T,
): Promise<{ value: T; exists: boolean }> {
  let text: string;
  try {
    text = await readFile(filePath, "utf8");
  } catch (error) {
    if ((error as { code?: unknown }).code !== "ENOENT") throw error;
    return { value: fallback, exists: false };
  }
  try {
    return { value: JSON.parse(text) as T, exists: true };
  } catch {
    return { value: fallback, exists: true };
  }
}

/** The value in a small file; `undefined` when it is missing or no JSON. Blocks; not for busy paths. */
export function loadJsonFile<T = unknown>(filePath: string): T | undefined {
  try {
    return JSON.parse(readFileSync(filePath, "utf8")) as T;
  } catch {
    return undefined;
  }
}

/** Writes a small file in one step, readable by its owner only. Blocks; not for busy paths. */
export function saveJsonFile(filePath: string, value: unknown): void {
  mkdirSync(dirname(filePath), { recursive: true, mode: 0o700 });
  const temporary = temporaryName(filePath);
  try {
    writeFileSync(temporary, textOf(value), { mode: 0o600 });
    renameSync(temporary, filePath);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Writes a file so that a reader, and a crash, sees the old or the new one: temp file, sync, rename. */
export async function writeJsonFileAtomically(filePath: string, value: unknown): Promise<void> {
  await mkdir(dirname(filePath), { recursive: true, mode: 0o700 });
  const temporary = temporaryName(filePath);
  try {
    const handle = await open(temporary, "w", 0o600);
    try {
      await handle.writeFile(textOf(value));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, filePath);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

function temporaryName(filePath: string): string {
  return `${filePath}.${randomUUID()}.tmp`;
}

function textOf(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
