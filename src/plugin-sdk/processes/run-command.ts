import { systemClock } from "../../kernel/clock.ts";
import type { RunningPrograms } from "../../kernel/running-programs.ts";
import { pluginScope } from "../../plugins/loading/plugin-scope.ts";
import {
  type BufferedCommandResult,
  commandArguments,
  type RunCommandOptions,
  runBufferedCommand,
  runCommand,
} from "../../runtime/system/index.ts";

export interface CommandOptions extends RunCommandOptions {
  /** The limit of both streams together is taken for each of them. */
  maxCombinedOutputBytes?: number;
}

/** What ends with the plugin whose code runs; nothing does outside of plugins. */
export function programsOfPlugin(): RunningPrograms | undefined {
  return pluginScope().getStore()?.programs;
}

/** `api.runtime.system.runCommandWithTimeout` without a gateway. */
export async function runCommandWithTimeout(...given: unknown[]): ReturnType<typeof runCommand> {
  const { argv, options } = commandArguments(given);
  return runCommand(argv, options, systemClock, programsOfPlugin());
}

/** The same; output is always read as UTF-8 here. */
export const runUtf8CommandWithTimeout = runCommandWithTimeout;

/** What a program says, as bytes. One that cannot be started ends with `termination` `"error"`. */
export async function runCommandBuffered(
  argv: readonly string[],
  options: CommandOptions = {},
): Promise<
  | BufferedCommandResult
  | (Omit<BufferedCommandResult, "termination"> & { termination: "error"; error: Error })
> {
  const { maxCombinedOutputBytes: combined, ...rest } = options;
  const limits = combined === undefined ? {} : { maxOutputBytes: combined, terminateOnOutputLimit: true };
  try {
    return await runBufferedCommand(argv, { ...rest, ...limits }, systemClock, programsOfPlugin());
  } catch (error) {
    return {
      stdout: Buffer.alloc(0),
      stderr: Buffer.alloc(0),
      code: null,
      signal: null,
      killed: false,
      termination: "error",
      error: error instanceof Error ? error : new Error(String(error)),
    };
  }
}

/** @throws for a program that fails, with `code`, `stdout` and `stderr` */
export async function runExec(
  command: string,
  args: readonly string[],
  options:
    | number
    | {
        timeoutMs?: number;
        maxBuffer?: number;
        cwd?: string;
        env?: NodeJS.ProcessEnv;
        logOutput?: boolean;
      } = {},
): Promise<{ stdout: string; stderr: string }> {
  const given = typeof options === "number" ? { timeoutMs: options } : options;
  const { timeoutMs = 10_000, maxBuffer, cwd, env } = given;
  const { stdout, stderr, code, termination } = await runCommand(
    [command, ...args],
    {
      timeoutMs,
      ...(maxBuffer === undefined ? {} : { maxOutputBytes: maxBuffer, terminateOnOutputLimit: true }),
      ...(cwd === undefined ? {} : { cwd }),
      ...(env === undefined ? {} : { env }),
    },
    systemClock,
    programsOfPlugin(),
  );
  if (code === 0 && termination === "exit") return { stdout, stderr };
  const why = termination === "timeout" ? `took more than ${timeoutMs} ms` : `ended with code ${code}`;
  throw Object.assign(new Error(`${command} ${why}`), {
    code,
    stdout,
    stderr,
    killed: termination !== "exit",
  });
}
