import { existsSync, lstatSync, realpathSync, type Stats, statSync } from "node:fs";
import { type FileHandle, open, realpath } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, isAbsolute, join, posix, resolve, win32 } from "node:path";
import { fileURLToPath } from "node:url";
import { FsSafeError, toFsSafeError } from "./file-errors.ts";
import { isPathInside } from "./files.ts";
import { readHandleBounded, SAFE_READ_FLAGS } from "./regular-files.ts";

/** Local files that a message or a setting names. */

/** @throws Error for another host, an encoded separator or NUL, and anything but `file:` */
export function safeFileURLToPath(fileUrl: string): string {
  const url = new URL(fileUrl);
  if (url.protocol !== "file:") throw new Error(`no file URL: ${fileUrl}`);
  if (url.hostname !== "" && url.hostname.toLowerCase() !== "localhost") {
    throw new Error(`the file is on another machine: ${fileUrl}`);
  }
  if (/%(?:2f|5c|00)/i.test(url.pathname)) throw new Error(`the path hides a separator: ${fileUrl}`);
  url.hostname = "";
  return fileURLToPath(url);
}

/** The last part of a path, file URL or web address; `undefined` when there is none. */
export function basenameFromMediaSource(source: string | null | undefined): string | undefined {
  const text = source?.trim() ?? "";
  if (text === "") return undefined;
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(text)) {
    try {
      return decoded(posix.basename(new URL(text).pathname)) || undefined;
    } catch {
      return undefined;
    }
  }
  return win32.basename(text) || undefined;
}

/** A name that is no path again after decoding. */
function decoded(name: string): string {
  try {
    const plain = decodeURIComponent(name);
    return /[/\\\0]/.test(plain) ? name : plain;
  } catch {
    return name;
  }
}

export interface OpenedLocalFile {
  /** The caller closes it. */
  handle: FileHandle;
  realPath: string;
  stat: Stats;
}

/** @throws FsSafeError `not-found`, `symlink`, `not-file`: links at the end are not followed */
export async function openLocalFileSafely(params: { filePath: string }): Promise<OpenedLocalFile> {
  const { filePath } = params;
  const handle = await open(filePath, SAFE_READ_FLAGS).catch((error: unknown) => {
    throw toFsSafeError(error, filePath);
  });
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw new FsSafeError("not-file", `no plain file: ${filePath}`);
    const realPath = await realpath(filePath);
    const there = statSync(realPath);
    if (there.ino !== stat.ino || there.dev !== stat.dev) {
      throw new FsSafeError("invalid-path", `the file was replaced while it was opened: ${filePath}`);
    }
    return { handle, realPath, stat };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** @throws FsSafeError `too-large`, also for a file that grows while it is read */
export async function readFileHandleBounded(handle: FileHandle, maxBytes: number): Promise<Buffer> {
  const { size } = await handle.stat();
  return readHandleBounded(handle, Math.min(size, maxBytes), "the opened file", maxBytes);
}

/** Synchronous on purpose: plugins ask while they put an answer together. */
export function pathExistsSync(path: string): boolean {
  return existsSync(path);
}

/**
 * Where a file really lies when that is inside one of the roots, links followed; `null` otherwise. Roots and the
 * file may be file URLs or begin with `~`. Synchronous on purpose, as {@link pathExistsSync}.
 *
 * @throws FsSafeError `invalid-path` for a root that is no absolute path
 */
export function resolveLocalPathFromRootsSync(params: {
  filePath: string;
  roots: readonly string[];
  label?: string;
  /** Takes a file that does not exist yet. Default false. */
  allowMissing?: boolean;
  /** Takes nothing but a plain file. Default false. */
  requireFile?: boolean;
}): { path: string; root: string } | null {
  const { label = "local roots", allowMissing = false, requireFile = false } = params;
  const roots = params.roots.map((root) => rootOf(root, label));
  const path = real(resolve(localPath(params.filePath)));
  const stat = path === undefined ? undefined : statSync(path, { throwIfNoEntry: false });
  if (path === undefined || (!stat && !allowMissing) || (stat && requireFile && !stat.isFile())) return null;
  for (const root of roots) {
    const realRoot = statSync(root, { throwIfNoEntry: false })?.isDirectory()
      ? realpathSync(root)
      : undefined;
    if (realRoot !== undefined && isPathInside(realRoot, path)) return { path, root: realRoot };
  }
  return null;
}

function localPath(input: string): string {
  const text = input.trim();
  if (text.includes("\0")) throw new FsSafeError("invalid-path", "a path holds a NUL character");
  if (/^file:/i.test(text)) return safeFileURLToPath(text);
  return text === "~" || text.startsWith("~/") ? join(homedir(), text.slice(1)) : text;
}

function rootOf(input: string, label: string): string {
  const path = localPath(input);
  if (isAbsolute(path)) return resolve(path);
  throw new FsSafeError("invalid-path", `${label}: not an absolute path: ${input}`);
}

/** The path without links, also of a file that is missing; `undefined` when a link leads nowhere. */
function real(path: string): string | undefined {
  try {
    if (lstatSync(path, { throwIfNoEntry: false })) return realpathSync(path);
    if (dirname(path) === path) return path;
    const parent = real(dirname(path));
    return parent === undefined ? undefined : join(parent, basename(path));
  } catch {
    return undefined;
  }
}
