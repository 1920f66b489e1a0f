import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { sdkSubpath } from "./sdk-specifier.ts";

/** Files of a plugin that are read to find out which SDK modules it needs at once; a hint, not a promise. */
const MAX_FILES = 100;
const MAX_CHARACTERS = 2_000_000;
const IMPORTED = /\b(?:from|import)\s*["']([^"'\n]+)["']/g;

/**
 * Loads the SDK modules that a plugin imports statically, before its own code is imported. Node 20 sends every
 * module of an `import` through its hook thread and back, which costs more than the module; what is required
 * synchronously takes the short way and is the same instance afterwards.
 */
export async function preloadSdk(
  sdkFolder: string,
  entry: string,
  partsOf: (text: string) => readonly string[],
): Promise<void> {
  // From below node_modules: elsewhere Node warns its user about requiring ES modules.
  const require = createRequire(join(sdkFolder, "node_modules", "preload.js"));
  for (const subpath of await subpathsOf(entry, partsOf)) {
    try {
      require(join(sdkFolder, `${subpath}.js`));
    } catch {
      // Unknown, or being loaded by another plugin right now: the import itself will tell.
    }
  }
}

/** Follows static imports between the plugin's own files. */
async function subpathsOf(
  entry: string,
  partsOf: (text: string) => readonly string[],
): Promise<ReadonlySet<string>> {
  const subpaths = new Set<string>();
  const files = new Set([entry]);
  let characters = 0;
  for (const file of files) {
    if (files.size > MAX_FILES || characters > MAX_CHARACTERS) break;
    const text = await readFile(file, "utf8").catch(() => "");
    characters += text.length;
    for (const part of partsOf(text)) files.add(resolve(dirname(file), part));
    for (const [, specifier = ""] of text.matchAll(IMPORTED)) {
      const subpath = sdkSubpath(specifier);
      if (subpath) subpaths.add(subpath);
      else if (specifier.startsWith(".")) files.add(resolve(dirname(file), specifier));
    }
  }
  return subpaths;
}
