import { systemClock } from "../kernel/clock.ts";
import { errorMessage } from "../kernel/errors.ts";
import { runCommand } from "../runtime/system/index.ts";
import { programsOfPlugin } from "./processes/run-command.ts";

/** Runs a program without a shell. One that cannot be started gives code 1 and says why on `stderr`. */
export async function runPluginCommandWithTimeout(params: {
  argv: readonly string[];
  timeoutMs: number;
  cwd?: string;
  env?: NodeJS.ProcessEnv;
}): Promise<{ code: number; stdout: string; stderr: string }> {
  const { argv, timeoutMs, cwd, env } = params;
  if (!argv[0]) return { code: 1, stdout: "", stderr: "command is required" };
  try {
    const { code, stdout, stderr } = await runCommand(
      argv,
      { timeoutMs, ...(cwd === undefined ? {} : { cwd }), ...(env === undefined ? {} : { env }) },
      systemClock,
      programsOfPlugin(),
    );
    return { code: code ?? 1, stdout, stderr };
  } catch (error) {
    return { code: 1, stdout: "", stderr: errorMessage(error) };
  }
}
