import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { access, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, relative, resolve, sep } from "node:path";

/** Synchronous on purpose: plugins ask while they work out an account's settings. */
export function fileExists(path: string): boolean {
  return existsSync(path);
}

export async function pathExists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** True for the root itself and everything below it. */
export function isPathInside(root: string, target: string): boolean {
  const between = relative(resolve(root), resolve(target));
  return (
    between === "" ||
    (!between.startsWith(`..${sep}`) && between !== ".." && !/^(?:[a-z]:|\/)/i.test(between))
  );
}

/** Writes beside the file and renames, so that a reader sees the old or the new content. */
export async function replaceFileAtomic(
  path: string,
  data: string | Uint8Array,
  mode = 0o600,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await writeFile(temporary, data, { mode });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

export function isPathStrictlyInside(root: string, target: string): boolean {
  return isPathInside(root, target) && !isPathInside(target, root);
}
