import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, type Stats } from "node:fs";
import { type FileHandle, lstat, open } from "node:fs/promises";
import { FsSafeError, toFsSafeError } from "./file-errors.ts";

/** Plain files only: no links, pipes or devices, also not ones put there while they are opened. */

export interface ReadRegularFileOptions {
  filePath: string;
  /** Default: no limit. */
  maxBytes?: number;
}

export interface RegularFileContent {
  buffer: Buffer;
  stat: Stats;
}

/** Links are not followed, and opening a pipe does not wait for a writer. */
export const SAFE_READ_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** @throws FsSafeError `not-found`, `symlink`, `not-file`, `too-large` */
export async function readRegularFile(options: ReadRegularFileOptions): Promise<RegularFileContent> {
  const { filePath, maxBytes } = options;
  let handle: FileHandle;
  try {
    handle = await open(filePath, SAFE_READ_FLAGS);
  } catch (error) {
    throw toFsSafeError(error, filePath);
  }
  try {
    const stat = await handle.stat();
    assertRegular(stat, filePath, maxBytes);
    return { buffer: await readHandleBounded(handle, stat.size, filePath, maxBytes), stat };
  } finally {
    await handle.close();
  }
}

/** A file may grow while it is read: what comes then counts too. */
export async function readHandleBounded(
  handle: FileHandle,
  expected: number,
  filePath: string,
  maxBytes: number | undefined,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for (;;) {
    const chunk = Buffer.allocUnsafe(Math.min(Math.max(expected - size, 0) + 1, 1_048_576));
    const { bytesRead } = await handle.read(chunk, 0, chunk.length, size);
    if (bytesRead === 0) return Buffer.concat(chunks, size);
    size += bytesRead;
    assertSize(size, filePath, maxBytes);
    chunks.push(chunk.subarray(0, bytesRead));
  }
}

/** Synchronous on purpose: plugins read their credentials while they work out an account's settings. */
export function readRegularFileSync(options: ReadRegularFileOptions): RegularFileContent {
  const { filePath, maxBytes } = options;
  let descriptor: number;
  try {
    descriptor = openSync(filePath, SAFE_READ_FLAGS);
  } catch (error) {
    throw toFsSafeError(error, filePath);
  }
  try {
    const stat = fstatSync(descriptor);
    assertRegular(stat, filePath, maxBytes);
    const chunks: Buffer[] = [];
    let size = 0;
    for (;;) {
      const chunk = Buffer.allocUnsafe(Math.min(Math.max(stat.size - size, 0) + 1, 1_048_576));
      const bytesRead = readSync(descriptor, chunk, 0, chunk.length, size);
      if (bytesRead === 0) return { buffer: Buffer.concat(chunks, size), stat };
      size += bytesRead;
      assertSize(size, filePath, maxBytes);
      chunks.push(chunk.subarray(0, bytesRead));
    }
  } finally {
    closeSync(descriptor);
  }
}

export type RegularFileStat = { missing: true } | { missing: false; stat: Stats };

/** @throws FsSafeError `symlink` or `not-file` for something else than a plain file */
export async function statRegularFile(filePath: string): Promise<RegularFileStat> {
  try {
    return regular(await lstat(filePath), filePath);
  } catch (error) {
    return missing(error);
  }
}

export function statRegularFileSync(filePath: string): RegularFileStat {
  try {
    return regular(lstatSync(filePath), filePath);
  } catch (error) {
    return missing(error);
  }
}

function regular(stat: Stats, filePath: string): RegularFileStat {
  assertRegular(stat, filePath, undefined);
  return { missing: false, stat };
}

function missing(error: unknown): RegularFileStat {
  const code = (error as { code?: unknown } | null)?.code;
  if (code === "ENOENT" || code === "ENOTDIR") return { missing: true };
  throw error;
}

function assertRegular(stat: Stats, filePath: string, maxBytes: number | undefined): void {
  if (stat.isSymbolicLink()) throw new FsSafeError("symlink", `the file is a symbolic link: ${filePath}`);
  if (!stat.isFile()) throw new FsSafeError("not-file", `no plain file: ${filePath}`);
  assertSize(stat.size, filePath, maxBytes);
}

function assertSize(size: number, filePath: string, maxBytes: number | undefined): void {
  if (maxBytes === undefined || size <= maxBytes) return;
  throw new FsSafeError("too-large", `the file is larger than ${maxBytes} bytes: ${filePath}`);
}
