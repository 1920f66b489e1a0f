import { createHash } from "node:crypto";
import { chmod, lstat, readdir, readFile, readlink, realpath, rm } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { isInside } from "../../kernel/confine-path.ts";
import { SluiceError } from "../../kernel/errors.ts";
import type { InstallErrorCode } from "./types.ts";

/** Most files and bytes one package with everything it brings may have. */
export const MAX_PACKAGE_FILES = 60_000;
export const MAX_PACKAGE_TREE_BYTES = 1_000_000_000;

const UNSAFE_MODE = 0o6022;

export interface CleanedTree {
  readonly files: number;
  readonly bytes: number;
  /** Host copies that were removed, relative to the root. */
  readonly removed: readonly string[];
}

/**
 * Examines every file of a staged package: links must stay inside, there may be no devices or pipes, nobody
 * else may write. Removes folders in `node_modules` with one of the names in `banned`, unless `kept`.
 *
 * @throws SluiceError `PACKAGE_UNSAFE`, `PACKAGE_TOO_LARGE`
 */
export async function cleanTree(
  root: string,
  banned: readonly string[],
  kept: ReadonlySet<string> = new Set(),
): Promise<CleanedTree> {
  const realRoot = await realpath(root);
  const removed: string[] = [];
  let files = 0;
  let bytes = 0;
  const folders = [realRoot];
  for (let folder = folders.pop(); folder; folder = folders.pop()) {
    const isPackages = folder.endsWith(`${sep}node_modules`);
    for (const { name } of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, name);
      if (isPackages && banned.includes(name) && !kept.has(name)) {
        removed.push(relative(realRoot, path));
        await rm(path, { recursive: true, force: true });
        continue;
      }
      const stats = await lstat(path);
      if (stats.isSymbolicLink()) await checkLink(realRoot, path);
      else if (!stats.isDirectory() && !stats.isFile())
        throw unsafe(realRoot, path, "is neither a file nor a folder");
      else if (process.platform !== "win32" && stats.mode & UNSAFE_MODE)
        await chmod(path, stats.mode & ~UNSAFE_MODE & 0o777);
      if (stats.isDirectory()) folders.push(path);
      files++;
      bytes += stats.isFile() ? stats.size : 0;
      assertSize({ files, bytes });
    }
  }
  return { files, bytes, removed };
}

export interface PackageSize {
  readonly files: number;
  readonly bytes: number;
}

export const LARGEST_PACKAGE: PackageSize = { files: MAX_PACKAGE_FILES, bytes: MAX_PACKAGE_TREE_BYTES };

/** @throws SluiceError `PACKAGE_TOO_LARGE` */
export function assertSize({ files, bytes }: PackageSize, largest: PackageSize = LARGEST_PACKAGE): void {
  if (files <= largest.files && bytes <= largest.bytes) return;
  throw new SluiceError<InstallErrorCode>(
    "PACKAGE_TOO_LARGE",
    `the package brings more than ${largest.files} files or ${largest.bytes / 1_000_000} MB`,
    { details: { files, bytes } },
  );
}

async function checkLink(realRoot: string, path: string): Promise<void> {
  const target = await realpath(path).catch(() => undefined);
  if (target === undefined) {
    // A link to nothing is harmless once it is gone.
    await rm(path, { force: true });
  } else if (!isInside(realRoot, target)) {
    throw unsafe(realRoot, path, `is a link that leads out of the package, to ${await readlink(path)}`);
  }
}

/** `sha512-…` over names and contents of all files, in one order on every machine. */
export async function digestTree(root: string): Promise<string> {
  const hash = createHash("sha512");
  const walk = async (folder: string): Promise<void> => {
    const entries = await readdir(folder, { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(folder, entry.name);
      const name = relative(root, path).split(sep).join("/");
      if (entry.isDirectory()) await walk(path);
      else {
        const content = entry.isSymbolicLink() ? Buffer.from(await readlink(path)) : await readFile(path);
        hash
          .update(`${entry.isSymbolicLink() ? "link" : "file"}\0${name}\0${content.length}\0`)
          .update(content);
      }
    }
  };
  await walk(root);
  return `sha512-${hash.digest("base64")}`;
}

function unsafe(root: string, path: string, why: string): SluiceError<InstallErrorCode> {
  return new SluiceError("PACKAGE_UNSAFE", `${relative(root, path)} ${why}; the package is not installed`, {
    details: { path: relative(root, path) },
  });
}
