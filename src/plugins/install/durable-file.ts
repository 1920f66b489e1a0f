import { mkdir, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { createSynced, syncFolder } from "../../kernel/synced-files.ts";

/** Replaces a file so that a crash at any moment leaves the old or the new text. Mode 0600. */
export async function writeDurably(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.tmp`;
  await rm(temporary, { force: true });
  await createSynced(temporary, text);
  await rename(temporary, path);
  await syncFolder(dirname(path));
}
