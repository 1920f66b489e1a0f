import { spawn } from "node:child_process";
import { isolatedEnvironment, launcher } from "./spawned-gateway.ts";

export interface CommandResult {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the `sluice` command as a user would. */
export function sluice(
  args: readonly string[],
  options: { stateDir: string; env?: Record<string, string> },
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [launcher, ...args], {
      env: isolatedEnvironment(options.stateDir, options.env),
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk) => (stdout += chunk));
    child.stderr.on("data", (chunk) => (stderr += chunk));
    child.once("error", reject);
    child.once("close", (status) => resolve({ status, stdout, stderr }));
  });
}
