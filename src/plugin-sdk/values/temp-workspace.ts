import { randomUUID } from "node:crypto";
import { chmod, lstat, mkdir, mkdtemp, open, readFile, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { sanitizeUntrustedFileName } from "../../runtime/media/index.ts";
import { resolvePreferredTempDir } from "./temp-path.ts";

/** Folders of their own for temporary files, which disappear with them. */

/** The key of the standard where the runtime has it, so that `await using` works there. */
const ASYNC_DISPOSE: typeof Symbol.asyncDispose =
  Symbol.asyncDispose ?? (Symbol.for("Symbol.asyncDispose") as typeof Symbol.asyncDispose);

export interface TempWorkspace {
  /** Mode 0700. */
  dir: string;
  /** The path of a plain name inside. @throws RangeError for a name with a folder in it */
  path(fileName: string): string;
  /** Writes a new file with mode 0600 and gives its path. */
  write(fileName: string, data: string | Uint8Array): Promise<string>;
  writeText(fileName: string, data: string): Promise<string>;
  writeJson(fileName: string, data: unknown): Promise<string>;
  read(fileName: string): Promise<Buffer>;
  cleanup(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface TempWorkspaceOptions {
  /** Default: this user's folder for temporary files. */
  rootDir?: string;
  prefix?: string;
  dirMode?: number;
  mode?: number;
}

export async function tempWorkspace(options: TempWorkspaceOptions = {}): Promise<TempWorkspace> {
  const root = options.rootDir ?? resolvePreferredTempDir();
  await mkdir(root, { recursive: true, mode: 0o700 });
  const dir = await mkdtemp(join(root, prefixOf(options.prefix)));
  await chmod(dir, options.dirMode ?? 0o700);
  const path = (fileName: string) => join(dir, plainName(fileName));
  const write = async (fileName: string, data: string | Uint8Array) => {
    const target = path(fileName);
    const file = await open(target, "wx", options.mode ?? 0o600);
    try {
      await file.writeFile(data);
    } finally {
      await file.close();
    }
    return target;
  };
  const cleanup = () => rm(dir, { recursive: true, force: true });
  return {
    dir,
    path,
    write,
    writeText: write,
    writeJson: (fileName, data) => write(fileName, `${JSON.stringify(data, null, 2)}\n`),
    read: async (fileName) => {
      const target = path(fileName);
      if (!(await lstat(target)).isFile()) throw new Error(`${fileName} is no plain file`);
      return readFile(target);
    },
    cleanup,
    [ASYNC_DISPOSE]: cleanup,
  } as TempWorkspace;
}

/** Runs the work in a folder of its own, which is removed afterwards whatever happens. */
export async function withTempWorkspace<T>(
  options: TempWorkspaceOptions,
  run: (workspace: TempWorkspace) => Promise<T> | T,
): Promise<T> {
  const workspace = await tempWorkspace(options);
  try {
    return await run(workspace);
  } finally {
    await workspace.cleanup();
  }
}

/** Gives the path of a file that does not exist yet; it and its folder are removed afterwards. */
export async function withTempDownloadPath<T>(
  params: { prefix?: string; fileName?: string; tmpDir?: string },
  run: (path: string) => Promise<T> | T,
): Promise<T> {
  const options: TempWorkspaceOptions = {
    prefix: params.prefix ?? "download",
    ...(params.tmpDir === undefined ? {} : { rootDir: params.tmpDir }),
  };
  return withTempWorkspace(options, (workspace) =>
    run(workspace.path(sanitizeUntrustedFileName(params.fileName ?? "download.bin", "download.bin"))),
  );
}

function prefixOf(prefix = "work"): string {
  const safe = prefix.replace(/[^A-Za-z0-9_-]+/g, "-").replace(/^-+|-+$/g, "");
  return `${safe || randomUUID().slice(0, 8)}-`;
}

function plainName(fileName: string): string {
  if (
    fileName === "" ||
    fileName === "." ||
    fileName === ".." ||
    /[\\/\0]/.test(fileName) ||
    basename(fileName) !== fileName
  ) {
    throw new RangeError(`"${fileName}" is no plain file name`);
  }
  return fileName;
}
