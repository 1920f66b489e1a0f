import { readdir, readFile, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { SdkExports } from "../loading/sdk-exports.ts";
import { sdkImports } from "../loading/sdk-imports.ts";
import { sdkSpecifier } from "../loading/sdk-specifier.ts";

const MAX_FILES = 500;
const MAX_BYTES = 16_000_000;

export interface MissingSdkNames {
  /** Everything that links and throws when it is used, as `subpath#name`, sorted. */
  readonly missing: readonly string[];
  /** Those of them that no Sluice ever heard of: later additions of the ecosystem, or mistakes. */
  readonly unknown: readonly string[];
  /** Wide subpaths that its code takes something from, sorted. */
  readonly barrels: readonly string[];
}

/** Subpaths that gather what narrow ones have; kept for older plugins (spec 2.18). */
export const BROAD_SDK_BARRELS: ReadonlySet<string> = new Set([
  "index",
  "config-runtime",
  "infra-runtime",
  "channel-runtime",
  "text-runtime",
]);

/**
 * The SDK names a plugin's code imports and this host only links without providing them, as `subpath#name`
 * (`subpath` alone where a whole subpath is imported that does not exist). Reads text; runs nothing.
 */
export async function findMissingSdkNames(root: string, sdkFolder: string): Promise<MissingSdkNames> {
  const exports = new SdkExports(sdkFolder);
  const missing = new Set<string>();
  const unknown = new Set<string>();
  const barrels = new Set<string>();
  for await (const { text, typed } of sources(root)) {
    for (const [subpath, { names, links }] of sdkImports(text)) {
      const known = exports.has(subpath);
      if (BROAD_SDK_BARRELS.has(subpath) && (names.size > 0 || links)) barrels.add(subpath);
      if (!known && !links) continue;
      if (!known && names.size === 0) unknown.add(subpath);
      for (const name of names) {
        const source = exports.sourceOf(subpath, name);
        if (source === "stand-in") missing.add(`${subpath}#${name}`);
        else if (source === "unknown" && !(typed && looksLikeType(text, name)))
          unknown.add(`${subpath}#${name}`);
      }
    }
  }
  return {
    missing: [...missing, ...unknown].sort(),
    unknown: [...unknown].sort(),
    barrels: [...barrels].map((subpath) => sdkSpecifier("openclaw", subpath)).sort(),
  };
}

/** TypeScript imports types without saying so; nothing of them is left when it runs. */
function looksLikeType(text: string, name: string): boolean {
  if (!/^[A-Z]\w*$/.test(name)) return false;
  return !new RegExp(`\\b${name}\\s*[.(\`]|\\b(?:new|extends)\\s+${name}\\b`).test(text);
}

async function* sources(root: string): AsyncGenerator<{ text: string; typed: boolean }> {
  const folders = [root];
  let files = 0;
  let bytes = 0;
  for (let folder = folders.pop(); folder; folder = folders.pop()) {
    for (const item of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
      const path = join(folder, item.name);
      if (item.isDirectory() && item.name !== "node_modules" && item.name !== ".git") folders.push(path);
      if (!item.isFile() || !/^\.[mc]?[tj]s$/.test(extname(item.name)) || item.name.endsWith(".d.ts"))
        continue;
      files++;
      bytes += (await stat(path)).size;
      if (files > MAX_FILES || bytes > MAX_BYTES) return;
      yield { text: await readFile(path, "utf8"), typed: /ts$/.test(item.name) };
    }
  }
}
