import { link, mkdir, readFile, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { newSecret } from "../kernel/ids.ts";
import { createSynced, syncFolder } from "../kernel/synced-files.ts";

/** The text of a secret file, or `undefined` when there is none. */
export async function readSecretFile(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/**
 * Creates a file with mode 0600 that is on disk when this resolves, whole or not at all. When somebody
 * else made it first, theirs is kept.
 *
 * @returns the text the file holds now
 */
export async function writeSecretFileOnce(file: string, text: string): Promise<string> {
  const folder = dirname(file);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const temporary = `${file}.${newSecret(6)}.tmp`;
  await createSynced(temporary, text);
  try {
    // A link fails when the name exists, unlike a rename: the first writer wins.
    await link(temporary, file);
    await syncFolder(folder);
    return text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return await readFile(file, "utf8");
  } finally {
    await rm(temporary, { force: true });
  }
}
