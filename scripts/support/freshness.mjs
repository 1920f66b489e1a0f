// Answers "is this older than that?" for the scripts, with Node built-ins only.
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

const skipped = new Set(["node_modules", "dist", ".git", ".tmp", "coverage"]);

/** Modification time of a file in milliseconds; 0 when it does not exist. */
export function modifiedAt(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/**
 * Newest modification time below the given files and folders. Folders count too, so that a removed file
 * is noticed.
 */
export function newestBelow(paths) {
  let newest = 0;
  const pending = [...paths];
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (!stat) continue;
    newest = Math.max(newest, stat.mtimeMs);
    if (!stat.isDirectory()) continue;
    for (const name of readdirSync(path)) if (!skipped.has(name)) pending.push(join(path, name));
  }
  return newest;
}
