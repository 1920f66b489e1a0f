import { readdir, readFile, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { sdkSubpath } from "../loading/sdk-specifier.ts";

const IMPORTS =
  /(?:import|export)\s*(?:[\w$]+\s*,\s*)?\{([^{}]*)\}\s*from\s*["']((?:openclaw|sluice|OmeniaClaw)\/plugin-sdk(?:\/[A-Za-z0-9._-]+)?)["']/g;
const MAX_FILES = 500;
const MAX_BYTES = 16_000_000;

/**
 * The SDK names a plugin's code imports and this host only links without providing them, as `subpath#name`.
 * Reads text; runs nothing.
 */
export async function findMissingSdkNames(root: string, sdkFolder: string): Promise<readonly string[]> {
  const missing = await readMissing(sdkFolder);
  if (missing.size === 0) return [];
  const found = new Set<string>();
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
      if (files > MAX_FILES || bytes > MAX_BYTES) return [...found].sort();
      for (const [, names, specifier] of (await readFile(path, "utf8")).matchAll(IMPORTS)) {
        const subpath = sdkSubpath(specifier as string);
        for (const name of importedNames(names as string)) {
          if (missing.has(`${subpath}#${name}`)) found.add(`${subpath}#${name}`);
        }
      }
    }
  }
  return [...found].sort();
}

function importedNames(list: string): string[] {
  return list
    .split(",")
    .map(
      (item) =>
        item
          .trim()
          .replace(/^type\s+/, "")
          .split(/\s+as\s+/)[0] as string,
    )
    .filter((name) => name !== "");
}

/** `missing-names.json` is written beside the SDK files by the build. */
async function readMissing(sdkFolder: string): Promise<Set<string>> {
  const missing = new Set<string>();
  try {
    const listed = JSON.parse(await readFile(join(sdkFolder, "missing-names.json"), "utf8")) as Record<
      string,
      string[]
    >;
    for (const [subpath, names] of Object.entries(listed))
      for (const name of names) missing.add(`${subpath}#${name}`);
  } catch {
    // A build without the list provides everything it exports.
  }
  return missing;
}
