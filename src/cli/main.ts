import { readFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../kernel/clock.ts";
import { packageRoot } from "../kernel/package-root.ts";
import { runCli } from "./program.ts";

/** Entry of the `sluice` command; bin/sluice.cjs loads it. */
async function main(): Promise<void> {
  const { version } = JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8")) as {
    version: string;
  };
  const interrupted = new AbortController();
  process.once("SIGINT", () => interrupted.abort());
  process.once("SIGTERM", () => interrupted.abort());
  // A reader that has seen enough (`| head`) is not an error.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
  });
  const status = await runCli(process.argv.slice(2), {
    clock: systemClock,
    env: process.env,
    version,
    stdout: process.stdout,
    stderr: process.stderr,
    signal: interrupted.signal,
  });
  // A plugin's command reports failure by setting the exit code itself.
  if (status !== 0) process.exitCode = status;
}

void main();
