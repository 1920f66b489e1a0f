import { lstatSync, type Stats } from "node:fs";
import { lstat, realpath } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { FsSafeError } from "./file-errors.ts";
import { isPathInside } from "./files.ts";

export interface SymlinkParentCheck {
  /** Where the check begins; not checked itself. */
  rootDir: string;
  /** The last folder that is checked. */
  targetPath: string;
  /** Folders that do not exist yet are fine. Default false. */
  allowMissing?: boolean;
  /** Systems link folders right below the root, as macOS does with `/var`. Default false. */
  allowRootChildSymlink?: boolean;
  /** Default false. */
  requireDirectories?: boolean;
  messagePrefix?: string;
}

/** @throws FsSafeError when the way from a root to a folder leads through a link, or out of the root */
export async function assertNoSymlinkParents(check: SymlinkParentCheck): Promise<void> {
  for (const [path, isRootChild] of stepsOf(check)) {
    const found = await lstat(path).catch(gone);
    if (isEnd(found, path, isRootChild, check)) return;
  }
}

/** Synchronous on purpose: plugins ask while they work out an account's settings. */
export function assertNoSymlinkParentsSync(check: SymlinkParentCheck): void {
  for (const [path, isRootChild] of stepsOf(check)) {
    let found: Stats | undefined;
    try {
      found = lstatSync(path);
    } catch (error) {
      found = gone(error);
    }
    if (isEnd(found, path, isRootChild, check)) return;
  }
}

function stepsOf(check: SymlinkParentCheck): [path: string, isRootChild: boolean][] {
  const [root, target] = [resolve(check.rootDir), resolve(check.targetPath)];
  if (!isPathInside(root, target)) {
    throw new FsSafeError("outside-workspace", `${prefixOf(check)} leads out of ${root}: ${target}`);
  }
  const names = relative(root, target).split(sep).filter(Boolean);
  return names.map((_name, index) => [join(root, ...names.slice(0, index + 1)), index === 0]);
}

function gone(error: unknown): undefined {
  if ((error as { code?: unknown } | null)?.code === "ENOENT") return undefined;
  throw error;
}

const prefixOf = (check: SymlinkParentCheck) => check.messagePrefix ?? "the path";

/** True when nothing behind this folder can exist. */
function isEnd(
  found: Stats | undefined,
  path: string,
  isRootChild: boolean,
  check: SymlinkParentCheck,
): boolean {
  if (!found) {
    if (check.allowMissing) return true;
    throw new FsSafeError("not-found", `${prefixOf(check)} does not exist: ${path}`);
  }
  if (found.isSymbolicLink()) {
    if (isRootChild && check.allowRootChildSymlink) return false;
    throw new FsSafeError("symlink", `${prefixOf(check)} leads through a symbolic link: ${path}`);
  }
  if (check.requireDirectories && !found.isDirectory()) {
    throw new FsSafeError(
      "not-file",
      `${prefixOf(check)} leads through something that is no folder: ${path}`,
    );
  }
  return false;
}

/** The real path of what exists of a path, with the rest behind it. */
export async function canonicalPathFromExistingAncestor(path: string): Promise<string> {
  let existing = resolve(path);
  const rest: string[] = [];
  for (;;) {
    try {
      return join(await realpath(existing), ...rest);
    } catch (error) {
      if (gone(error) === undefined && dirname(existing) === existing) return join(existing, ...rest);
    }
    rest.unshift(basename(existing));
    existing = dirname(existing);
  }
}
