// Whether the SQLite driver works, and how to make it work. Node built-ins only.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

export const REPAIR = "npm rebuild better-sqlite3";

/**
 * Opens an in-memory database in a process of its own: a driver built for another Node may crash rather
 * than throw. Returns the reason it does not work, or undefined.
 */
export function sqliteProblem(root) {
  const probe = `new (require("better-sqlite3"))(":memory:").prepare("SELECT 1").get()`;
  const child = spawnSync(process.execPath, ["-e", probe], { cwd: root, encoding: "utf8", timeout: 30_000 });
  if (child.status === 0) return undefined;
  if (child.signal) return `the driver crashed (${child.signal})`;
  return /(?:Error|error): (.*)/.exec(child.stderr)?.[1] ?? `the probe ended with status ${child.status}`;
}

/**
 * Environment for npm in which native modules compile without fetching anything but packages: the headers
 * of the running Node are used when they lie beside it. Headers of another version would build a module
 * that does not load, so nothing else is guessed.
 */
export function buildEnvironment() {
  const prefix = dirname(dirname(process.execPath));
  const environment = { ...process.env };
  // npm's own settings of the outer `npm start` must not leak into the inner one.
  for (const name of ["npm_config_workspace", "npm_config_workspaces", "npm_config_prefix"])
    delete environment[name];
  if (existsSync(join(prefix, "include/node/node.h"))) environment["npm_config_nodedir"] = prefix;
  return environment;
}
