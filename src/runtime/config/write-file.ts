import { chmod, copyFile, mkdir, realpath, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { createSynced, syncFolder } from "../../kernel/synced-files.ts";

const PRIVATE = 0o600;

/**
 * Replaces a file so that a reader, and a crash at any moment, finds the old or the new text and nothing
 * between. The old one stays beside it as `.bak`. A symbolic link stays and its target is replaced.
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  const target = await realpath(path).catch(() => path);
  const folder = dirname(target);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const temporary = `${target}.tmp`;
  await writePrivate(temporary, text);
  try {
    await keepBackup(target);
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(folder);
}

/** Writes a file only its owner may read, and waits until it is on disk. */
export async function writePrivate(path: string, text: string): Promise<void> {
  // A leftover may have another mode; opening it would keep that.
  await rm(path, { force: true });
  await createSynced(path, text);
}

async function keepBackup(target: string): Promise<void> {
  const backup = `${target}.bak`;
  try {
    await copyFile(target, backup);
    await chmod(backup, PRIVATE);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
