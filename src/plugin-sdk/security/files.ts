import { existsSync } from "node:fs";
import { access } from "node:fs/promises";
import { relative, resolve, sep } from "node:path";

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

export function isPathStrictlyInside(root: string, target: string): boolean {
  return isPathInside(root, target) && !isPathInside(target, root);
}
