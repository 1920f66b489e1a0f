import { execFile } from "node:child_process";
import { packageRoot } from "../../kernel/package-root.ts";
import { type CheckResult, failed, passed } from "./check.ts";

const REPAIR = "npm rebuild better-sqlite3";
const TIME_LIMIT_MS = 20_000;
const PROBE = `
const Database = require("better-sqlite3");
const database = new Database(":memory:");
console.log(database.prepare("SELECT sqlite_version() AS version").get().version);
`;

/**
 * Opens an in-memory database. In a process of its own: a driver built for another Node may crash, and the
 * driver belongs to the store worker, not to this process.
 */
export function checkDatabase(): Promise<CheckResult> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ["-e", PROBE],
      { cwd: packageRoot(), timeout: TIME_LIMIT_MS },
      (error, stdout, stderr) => {
        if (!error) return resolve(passed("database", `SQLite ${stdout.trim()} opens`));
        const reason = /Error: (.*)/.exec(stderr)?.[1] ?? error.signal ?? `status ${error.code}`;
        resolve(failed("database", `the SQLite driver does not work: ${reason}`, REPAIR));
      },
    );
  });
}
