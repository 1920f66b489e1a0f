import { access } from "node:fs/promises";
import { basename, dirname, extname, join, relative } from "node:path";

const SOURCE_EXTENSIONS = new Set([".ts", ".mts", ".cts"]);
const ENTRY_EXTENSIONS = new Set([".ts", ".js", ".mts", ".cts", ".mjs", ".cjs"]);
const BUILT_EXTENSIONS: Readonly<Record<string, readonly string[]>> = {
  ".ts": [".js", ".mjs", ".cjs"],
  ".mts": [".mjs"],
  ".cts": [".cjs"],
};
export const INDEX_NAMES = ["index.js", "index.mjs", "index.cjs", "index.ts", "index.mts", "index.cts"];

/** True for a module the host may load as an entry; declarations and tests never are (spec 1.16). */
export function isEntryName(name: string): boolean {
  return (
    ENTRY_EXTENSIONS.has(extname(name)) &&
    !/\.d\.[mc]?ts$/.test(name) &&
    !/\.(test|live\.test|e2e\.test)\.[mc]?[tj]s$/.test(name)
  );
}

export function isTypeScript(path: string): boolean {
  return SOURCE_EXTENSIONS.has(extname(path));
}

/** The built peer of a source entry when there is one, else the entry itself if it exists. */
export async function resolveEntry(
  rootDir: string,
  named: string,
  builtPeer?: string,
): Promise<string | undefined> {
  const candidates: string[] = [];
  if (builtPeer) candidates.push(join(rootDir, builtPeer));
  const entry = join(rootDir, named);
  const built = BUILT_EXTENSIONS[extname(entry)];
  if (built) {
    const inside = relative(rootDir, entry);
    for (const folder of [join(rootDir, "dist", dirname(inside)), dirname(entry)]) {
      for (const extension of built)
        candidates.push(join(folder, basename(entry, extname(entry)) + extension));
    }
  }
  candidates.push(entry);
  for (const candidate of candidates) {
    if (isEntryName(candidate) && (await exists(candidate))) return candidate;
  }
  return undefined;
}

/** The first of `names` that exists in `folder`. */
export async function firstExisting(folder: string, names: readonly string[]): Promise<string | undefined> {
  for (const name of names) {
    const path = join(folder, name);
    if (await exists(path)) return path;
  }
  return undefined;
}

/** `base` with each loadable extension, built ones first. */
export function entryNames(base: string): readonly string[] {
  return [".js", ".mjs", ".cjs", ".ts", ".mts", ".cts"].map((extension) => base + extension);
}

export async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
