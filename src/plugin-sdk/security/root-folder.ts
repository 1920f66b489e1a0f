import { constants, type Stats } from "node:fs";
import { type FileHandle, lstat, mkdir, open, readdir, realpath, rename, rm } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { tempWorkspace } from "../values/temp-workspace.ts";
import { placeNewFile } from "./atomic-files.ts";
import { confinedPath } from "./confined-path.ts";
import { FsSafeError, toFsSafeError } from "./file-errors.ts";
import { readHandleBounded, SAFE_READ_FLAGS } from "./regular-files.ts";

/** Largest file that is read when no limit is given. */
export const DEFAULT_ROOT_FILE_MAX_BYTES = 16 * 1_024 * 1_024;

export interface RootReadOptions {
  maxBytes?: number;
  /** Default `reject`: a file with a second name may belong to somebody else. `allow` takes it. */
  hardlinks?: "allow" | "reject";
  /** Links are never followed; the setting is taken for its name. */
  symlinks?: "reject";
}

export interface RootWriteOptions {
  maxBytes?: number;
  mode?: number;
  /** Makes missing folders. Default true. */
  mkdir?: boolean;
  /** Default true: on disk before the call returns. */
  durable?: boolean;
}

export interface OpenedRootFile {
  handle: FileHandle;
  realPath: string;
  stat: Stats;
  [Symbol.asyncDispose](): Promise<void>;
}

type Data = string | Uint8Array | AsyncIterable<string | Uint8Array>;

/** A folder whose files are reached by names relative to it, and nothing outside of it. */
export interface RootFolder {
  rootDir: string;
  rootReal: string;
  /** The caller closes the handle. */
  open(name: string, options?: RootReadOptions): Promise<OpenedRootFile>;
  read(name: string, options?: RootReadOptions): Promise<{ buffer: Buffer; realPath: string; stat: Stats }>;
  readBytes(name: string, options?: RootReadOptions): Promise<Buffer>;
  readText(name: string, options?: RootReadOptions): Promise<string>;
  /** @throws FsSafeError `already-exists` */
  create(name: string, data: Data, options?: RootWriteOptions): Promise<void>;
  write(name: string, data: Data, options?: RootWriteOptions): Promise<void>;
  exists(name: string): Promise<boolean>;
  stat(name: string): Promise<Stats>;
  list(name?: string): Promise<string[]>;
  mkdir(name: string): Promise<void>;
  remove(name: string): Promise<void>;
  resolve(name: string): Promise<string>;
}

const ASYNC_DISPOSE = Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose");

/** @throws FsSafeError `not-found` when the folder does not exist */
export async function root(
  rootDir: string,
  defaults: RootReadOptions & RootWriteOptions = {},
): Promise<RootFolder> {
  const rootReal = await realpath(rootDir).catch((cause: unknown) => {
    throw new FsSafeError("not-found", `there is no folder: ${rootDir}`, { cause });
  });
  const resolveName = (name: string) => confinedPath(rootReal, name);
  const openFile = async (name: string, options: RootReadOptions = {}): Promise<OpenedRootFile> => {
    const path = await resolveName(name);
    const opened = await openConfined(path, { ...defaults, ...options });
    return { ...opened, realPath: path, [ASYNC_DISPOSE]: () => opened.handle.close() } as OpenedRootFile;
  };
  const read = async (name: string, options: RootReadOptions = {}) => {
    const { handle, realPath, stat } = await openFile(name, options);
    try {
      const maxBytes = options.maxBytes ?? defaults.maxBytes ?? DEFAULT_ROOT_FILE_MAX_BYTES;
      return { buffer: await readHandleBounded(handle, stat.size, name, maxBytes), realPath, stat };
    } finally {
      await handle.close();
    }
  };
  const put = async (name: string, data: Data, options: RootWriteOptions, isNew: boolean) => {
    const settings = { ...defaults, ...options };
    const path = await resolveName(name);
    if (settings.mkdir !== false) await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    else await assertFolder(dirname(path));
    await writeFileAt(await resolveName(name), data, settings, isNew);
  };
  return {
    rootDir,
    rootReal,
    open: openFile,
    read,
    readBytes: async (name, options) => (await read(name, options)).buffer,
    readText: async (name, options) => (await read(name, options)).buffer.toString("utf8"),
    create: (name, data, options = {}) => put(name, data, options, true),
    write: (name, data, options = {}) => put(name, data, options, false),
    exists: async (name) =>
      lstat(await resolveName(name)).then(
        () => true,
        () => false,
      ),
    stat: async (name) => {
      const path = await resolveName(name);
      const stat = await lstat(path).catch((error: unknown) => {
        throw toFsSafeError(error, name);
      });
      if (stat.isSymbolicLink()) throw new FsSafeError("symlink", `the file is a symbolic link: ${name}`);
      return stat;
    },
    list: async (name) => readdir(name === undefined || name === "." ? rootReal : await resolveName(name)),
    mkdir: async (name) => {
      await mkdir(await resolveName(name), { recursive: true, mode: 0o700 });
    },
    remove: async (name) => rm(await resolveName(name), { recursive: true, force: true }),
    resolve: resolveName,
  };
}

async function assertFolder(path: string): Promise<void> {
  const found = await lstat(path).catch((error: unknown) => {
    throw toFsSafeError(error, path);
  });
  if (!found.isDirectory()) throw new FsSafeError("not-file", `no folder: ${path}`);
}

async function openConfined(
  path: string,
  options: RootReadOptions,
): Promise<{ handle: FileHandle; stat: Stats }> {
  const handle = await open(path, SAFE_READ_FLAGS).catch((error: unknown) => {
    throw toFsSafeError(error, path);
  });
  try {
    const stat = await handle.stat();
    const maxBytes = options.maxBytes ?? DEFAULT_ROOT_FILE_MAX_BYTES;
    if (!stat.isFile()) throw new FsSafeError("not-file", `no plain file: ${path}`);
    if (options.hardlinks !== "allow" && stat.nlink > 1) {
      throw new FsSafeError("hardlink", `the file has more than one name: ${path}`);
    }
    if (stat.size > maxBytes)
      throw new FsSafeError("too-large", `the file is larger than ${maxBytes} bytes: ${path}`);
    return { handle, stat };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Data of any length is written aside, up to the limit, and placed when it is complete. */
async function writeFileAt(
  path: string,
  data: Data,
  options: RootWriteOptions,
  isNew: boolean,
): Promise<void> {
  const staging = await tempWorkspace({ rootDir: dirname(path), prefix: ".staged-" });
  try {
    const staged = staging.path(basename(path));
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);
    const file = await open(staged, flags, options.mode ?? 0o600);
    try {
      await writeChunks(file, data, options.maxBytes, path);
      await file.chmod(options.mode ?? 0o600);
      if (options.durable !== false) await file.sync();
    } finally {
      await file.close();
    }
    if (isNew) await placeNewFile(staged, path);
    else await replaceWith(staged, path);
  } finally {
    await staging.cleanup();
  }
}

async function replaceWith(staged: string, path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found && !found.isFile()) throw new FsSafeError("not-file", `no plain file: ${path}`);
  await rename(staged, path);
}

async function writeChunks(
  file: FileHandle,
  data: Data,
  maxBytes: number | undefined,
  path: string,
): Promise<void> {
  const chunks = typeof data === "string" || data instanceof Uint8Array ? [data] : data;
  let size = 0;
  for await (const chunk of chunks) {
    size += Buffer.byteLength(chunk);
    if (maxBytes !== undefined && size > maxBytes) {
      throw new FsSafeError("too-large", `the data for ${path} is larger than ${maxBytes} bytes`);
    }
    await file.writeFile(chunk);
  }
}
