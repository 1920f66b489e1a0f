import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export interface RuntimeWorkerEntrypoint {
  /** `import.meta.url` of the module that starts the worker. */
  currentModuleUrl: string;
  /** File name in the sources, without its ending. */
  sourceWorkerName: string;
  /** Where the built file lies in a host that bundles the plugin. */
  distWorkerPath: string;
  /** Where it lies in the plugin's own package. */
  package?: { name: string; distWorkerPath: string };
  /** The package's folder, when it is known. */
  root?: string;
}

/**
 * The file of a plugin's worker: in the sources beside the module that starts it, else in the built package
 * that the module belongs to.
 *
 * @throws when there is no such file
 */
export function resolveRuntimeWorkerUrl(entry: RuntimeWorkerEntrypoint): URL {
  const here = dirname(fileURLToPath(entry.currentModuleUrl));
  const candidates: string[] = [];
  for (const ending of sourceEndings(entry.currentModuleUrl)) {
    candidates.push(join(here, `${entry.sourceWorkerName}${ending}`));
  }
  for (const root of entry.root ? [resolve(entry.root)] : packageRoots(here, entry.package?.name)) {
    const within = entry.package?.distWorkerPath ?? entry.distWorkerPath;
    candidates.push(join(root, "dist", within), join(root, within), join(root, "dist", entry.distWorkerPath));
  }
  const found = candidates.find((file) => existsSync(file));
  if (!found) {
    throw new Error(
      `the worker ${entry.sourceWorkerName} was not found; looked for ${candidates.join(", ")}`,
    );
  }
  return pathToFileURL(found);
}

/** The arguments that run a worker file: what TypeScript sources need, then the file. */
export function resolveRuntimeWorkerArgv(workerUrl: URL | string): string[] {
  const file = fileURLToPath(workerUrl);
  const stripping =
    /\.[cm]?ts$/.test(file) && !(process.features as { typescript?: unknown }).typescript
      ? ["--experimental-strip-types"]
      : [];
  return [...stripping, file];
}

function sourceEndings(moduleUrl: string): string[] {
  return /\.[cm]?ts$/.test(new URL(moduleUrl).pathname) ? [".ts", ".mts"] : [];
}

/** Folders above that hold a package of that name, the nearest first. */
function packageRoots(from: string, name: string | undefined): string[] {
  const roots: string[] = [];
  for (let folder = from; ; folder = dirname(folder)) {
    if (packageName(folder, name)) roots.push(folder);
    if (folder === dirname(folder)) return roots;
  }
}

function packageName(folder: string, wanted: string | undefined): boolean {
  try {
    const { name } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { name?: string };
    return wanted === undefined || name === wanted;
  } catch {
    return false;
  }
}
