import { dirname, join } from "node:path";
import type { PluginCandidate } from "../discovery/candidate.ts";
import { entryNames, firstExisting, isTypeScript } from "../discovery/entry-file.ts";

/** `api`, `runtime-api`, `contract-api`, any other `<name>-api`, `index`, `setup-entry` (spec 6.8). */
const PUBLIC_SURFACE = /^(index|setup-entry|api|[a-z0-9]+(?:-[a-z0-9]+)*-api)$/;
const ENDING = /\.(ts|mts|cts|js|mjs|cjs)$/;
const MAX_SURFACE_LENGTH = 100;

/** The name of a surface without its ending; `undefined` for a file that is nobody else's business. */
export function surfaceName(raw: string): string | undefined {
  if (raw.length > MAX_SURFACE_LENGTH) return undefined;
  const name = raw.replace(/^\.\//, "").replace(ENDING, "");
  return PUBLIC_SURFACE.test(name) ? name : undefined;
}

/** The file of a surface beside the plugin's entry, in its folder or in its `dist`; built ones first. */
export async function surfaceFile(candidate: PluginCandidate, name: string): Promise<string | undefined> {
  if (name === "index") return candidate.entry;
  if (name === "setup-entry" && candidate.setupEntry) return candidate.setupEntry;
  const { entry, realRoot } = candidate;
  const folders = [...(entry ? [dirname(entry)] : []), realRoot, join(realRoot, "dist")];
  const found: string[] = [];
  for (const folder of new Set(folders)) {
    const file = await firstExisting(folder, entryNames(name));
    if (file) found.push(file);
  }
  return found.find((file) => !isTypeScript(file)) ?? found[0];
}
