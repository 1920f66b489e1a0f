import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { ImportModule, ModuleRequest } from "./module-request.ts";
import { RELOAD_QUERY } from "./sdk-specifier.ts";

/** Read by the SDK's channel entries, which load further files of their plugin inside `register()`. */
const SYNC_LOADER = Symbol.for("sluice.plugin-sdk.sync-module-loader");
/** Set by the SDK's channel entries: the files they will load. */
const ENTRY_MODULES = Symbol.for("sluice.plugin-sdk.entry-modules");
/** Modules loaded ahead of time, by file; one set for the process, like Node's own module cache. */
const PRELOADED = Symbol.for("sluice.preloaded-modules");

const PART_IN_TEXT = /\bspecifier:\s*["'](\.{1,2}\/[^"']+)["']/g;

/**
 * Loads the files that a channel entry will ask for inside `register()`. Node 20 does not resolve the SDK
 * for modules that are required synchronously; they have to be there already.
 */
export async function preloadParts(
  loaded: unknown,
  { entry: path, version }: ModuleRequest,
  importModule: ImportModule,
): Promise<void> {
  const entry = (loaded as { default?: Record<symbol, readonly string[] | undefined> } | null)?.default;
  if (!entry?.[ENTRY_MODULES]) return;
  for (const file of new Set([...entry[ENTRY_MODULES], ...(await partsNamedIn(path))])) {
    const url = pathToFileURL(file);
    if (version > 0) url.searchParams.set(RELOAD_QUERY, String(version));
    const load = importModule(url.href);
    // A part that cannot be loaded only matters to who asks for it.
    const part = await load.then(
      (module) => () => module,
      (error: unknown) => () => {
        throw error;
      },
    );
    preloaded().set(file, part);
  }
  setSyncLoader((file) => loadPart(file, createRequire(file)));
}

/** Says how the SDK's channel entries load further files from now on. */
export function setSyncLoader(load: (file: string) => unknown): void {
  (globalThis as Record<symbol, unknown>)[SYNC_LOADER] = load;
}

export function loadPart(file: string, require: (file: string) => unknown): unknown {
  const part = preloaded().get(file);
  return part ? part() : require(file);
}

export function partsInText(text: string): string[] {
  return [...text.matchAll(PART_IN_TEXT)].map(([, specifier]) => specifier as string);
}

/** Parts that a channel entry loads by hand, in `registerFull` for one: only its text tells of them. */
async function partsNamedIn(entry: string): Promise<string[]> {
  const parts = partsInText(await readFile(entry, "utf8"));
  return parts.map((part) => resolve(dirname(entry), part)).filter((file) => existsSync(file));
}

function preloaded(): Map<string, () => unknown> {
  const slots = globalThis as { [PRELOADED]?: Map<string, () => unknown> };
  slots[PRELOADED] ??= new Map();
  return slots[PRELOADED];
}
