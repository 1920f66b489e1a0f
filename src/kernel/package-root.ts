import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * The folder that holds this package's `package.json`: the repository in development, the installed
 * package otherwise. Built files lie in its `dist`. Called once, at start.
 */
export function packageRoot(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, "package.json")) && existsSync(join(folder, "bin"))) return folder;
    if (folder === dirname(folder)) throw new Error("the package folder of sluice was not found");
  }
}
