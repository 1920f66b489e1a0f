import { realpath } from "node:fs/promises";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { FsSafeError } from "./file-errors.ts";
import { isPathStrictlyInside } from "./files.ts";
import { assertNoSymlinkParents } from "./path-parents.ts";

/**
 * Where a name below a root really lies: the folders on the way are no links, what is missing is fine.
 *
 * @throws FsSafeError `invalid-path`, `outside-workspace`, `symlink`, `not-found` for the root
 */
export async function confinedPath(rootDir: string, name: string): Promise<string> {
  if (name === "" || name.includes("\0"))
    throw new FsSafeError("invalid-path", "the name of the file is empty or malformed");
  const root = await realpath(rootDir).catch((cause: unknown) => {
    throw new FsSafeError("not-found", `there is no folder: ${rootDir}`, { cause });
  });
  const target = isAbsolute(name) ? join(root, relative(resolve(rootDir), name)) : resolve(root, name);
  if (!isPathStrictlyInside(root, target)) {
    throw new FsSafeError("outside-workspace", `the file lies outside of ${rootDir}: ${name}`);
  }
  await assertNoSymlinkParents({ rootDir: root, targetPath: dirname(target), allowMissing: true });
  return target;
}
