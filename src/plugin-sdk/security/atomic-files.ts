import { randomUUID } from "node:crypto";
import { chmod, copyFile, link, lstat, mkdir, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { resolvePreferredTempDir } from "../values/temp-path.ts";
import { tempWorkspace } from "../values/temp-workspace.ts";
import { confinedPath } from "./confined-path.ts";
import { FsSafeError, toFsSafeError } from "./file-errors.ts";

export interface ReplaceFileOptions {
  filePath: string;
  content: string | Uint8Array;
  /** Default 0600, or the mode that the file has. */
  mode?: number;
  /** For folders that are made. Default 0700. */
  dirMode?: number;
  preserveExistingMode?: boolean;
  tempPrefix?: string;
  /** Default true. */
  syncTempFile?: boolean;
  /** Default false. */
  syncParentDir?: boolean;
  /** The last chance to refuse. */
  beforeRename?(facts: { filePath: string; tempPath: string }): Promise<void> | void;
}

/** Writes beside the file and renames: readers see the old content or the new one, never a part. */
export async function replaceFileAtomic(options: ReplaceFileOptions): Promise<void> {
  const { filePath } = options;
  const folder = dirname(filePath);
  await mkdir(folder, { recursive: true, mode: options.dirMode ?? 0o700 });
  const tempPath = join(folder, `${options.tempPrefix ?? `.${basename(filePath)}`}.${randomUUID()}.tmp`);
  try {
    const file = await open(tempPath, "wx", options.mode ?? 0o600);
    try {
      await file.writeFile(options.content);
      await file.chmod(await modeOf(options));
      if (options.syncTempFile !== false) await file.sync();
    } finally {
      await file.close();
    }
    await options.beforeRename?.({ filePath, tempPath });
    await rename(tempPath, filePath);
    if (options.syncParentDir) await syncFolder(folder);
  } catch (error) {
    await rm(tempPath, { force: true });
    throw error;
  }
}

async function modeOf(options: ReplaceFileOptions): Promise<number> {
  if (!options.preserveExistingMode) return options.mode ?? 0o600;
  const found = await lstat(options.filePath).catch(() => undefined);
  return found?.isFile() ? found.mode & 0o777 : (options.mode ?? 0o600);
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => undefined);
  try {
    // Not every system lets a folder be synced.
    await handle?.sync().catch(() => {});
  } finally {
    await handle?.close();
  }
}

/**
 * Lets a program write a file that belongs below `rootDir`: it writes into a folder of its own, and what it
 * wrote is moved to its place. Links below the root are refused.
 *
 * @throws FsSafeError `outside-workspace`, `symlink`, `not-file`, `too-large`
 */
export async function writeExternalFileWithinRoot<T>(options: {
  rootDir: string;
  path: string;
  write(tempPath: string): Promise<T> | T;
  maxBytes?: number;
  mode?: number;
}): Promise<{ path: string; result: T }> {
  const target = await confinedPath(options.rootDir, options.path);
  const workspace = await tempWorkspace({ rootDir: resolvePreferredTempDir(), prefix: "external-" });
  try {
    const written = workspace.path(basename(target));
    const result = await options.write(written);
    const stat = await lstat(written).catch((error: unknown) => {
      throw toFsSafeError(error, written);
    });
    if (!stat.isFile()) throw new FsSafeError("not-file", `no plain file was written for ${options.path}`);
    if (options.maxBytes !== undefined && stat.size > options.maxBytes) {
      throw new FsSafeError(
        "too-large",
        `what was written for ${options.path} is larger than ${options.maxBytes} bytes`,
      );
    }
    await chmod(written, options.mode ?? 0o600);
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    await place(written, await confinedPath(options.rootDir, options.path));
    return { path: target, result };
  } finally {
    await workspace.cleanup();
  }
}

/** Also over the border of a file system, where a rename is impossible. */
async function place(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if ((error as { code?: unknown }).code !== "EXDEV") throw error;
    const staged = `${to}.${randomUUID()}.tmp`;
    try {
      await copyFile(from, staged);
      await rename(staged, to);
    } finally {
      await rm(staged, { force: true });
    }
  }
}

/** Puts a complete file in a place where none may be. @throws FsSafeError `already-exists` */
export async function placeNewFile(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    throw toFsSafeError(error, to);
  }
}
