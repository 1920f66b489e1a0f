import { lstat, realpath } from "node:fs/promises";
import { dirname, isAbsolute, join, resolve, sep } from "node:path";
import { SluiceError } from "./errors.ts";

export type PathErrorCode = "PATH_OUTSIDE_ROOT" | "PATH_INVALID";

/** True when `candidate` is `root` or lies below it. Both must be absolute and normalised. */
export function isInside(root: string, candidate: string): boolean {
  return candidate === root || candidate.startsWith(root.endsWith(sep) ? root : root + sep);
}

/**
 * Resolves a name from outside to an absolute path below `root`, following symbolic links of the parts
 * that exist. The file itself need not exist.
 *
 * @throws SluiceError `PATH_INVALID` for NUL bytes, absolute names and names no file can have,
 *   `PATH_OUTSIDE_ROOT` for an escape
 */
export async function confinePath(root: string, name: string): Promise<string> {
  if (name.includes("\0") || isAbsolute(name)) {
    throw invalid("expected a relative file name without NUL bytes", { name });
  }
  const realRoot = await realpath(root);
  const target = resolve(realRoot, name);
  if (!isInside(realRoot, target)) throw outside(name);
  const real = await realpathOfExistingPart(target);
  if (!isInside(realRoot, real)) throw outside(name);
  return real;
}

async function realpathOfExistingPart(target: string): Promise<string> {
  const missing: string[] = [];
  for (let current = target; ; ) {
    try {
      return join(await realpath(current), ...missing);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== undefined && IMPOSSIBLE.has(code))
        throw invalid("no such file can exist", { target, code });
      if (code !== "ENOENT") throw error;
      // A link whose target is missing would be followed by a later write: to us it is an escape.
      if (await exists(current)) throw outside(target);
      const parent = dirname(current);
      if (parent === current) return target;
      missing.unshift(current.slice(parent.endsWith(sep) ? parent.length : parent.length + 1));
      current = parent;
    }
  }
}

/** A link to itself, a file used as a folder, a name beyond what the file system takes. */
const IMPOSSIBLE = new Set(["ELOOP", "ENOTDIR", "ENAMETOOLONG"]);

function invalid(message: string, details: object): SluiceError<PathErrorCode> {
  return new SluiceError("PATH_INVALID", message, { details });
}

function outside(name: string): SluiceError<PathErrorCode> {
  return new SluiceError("PATH_OUTSIDE_ROOT", "the file name leaves its folder", { details: { name } });
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch {
    return false;
  }
}
