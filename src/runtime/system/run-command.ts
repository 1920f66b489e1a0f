import { spawn } from "node:child_process";
import { StringDecoder } from "node:string_decoder";
import type { CommandResult } from "../../contracts/runtime.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Disposable } from "../../kernel/disposable.ts";
import { SluiceError } from "../../kernel/errors.ts";
import type { RunningPrograms } from "../../kernel/running-programs.ts";

/** Output kept per stream unless the caller says otherwise; the beginning is kept, the rest counted. */
export const DEFAULT_MAX_OUTPUT_BYTES = 1_048_576;
/** After the time-out's signal a process has this long before it is killed outright. */
export const DEFAULT_KILL_GRACE_MS = 2_000;
/** Longest of these for a process whose plugin goes: nobody waits longer for one that does not want to end. */
export const MAX_UNLOAD_GRACE_MS = 5_000;
/** How long what was killed may leave its output open, held by something it started, before it is let go. */
export const OUTPUT_GRACE_MS = 250;
/** What a process that reported no code gets when its time was up. */
export const TIMEOUT_EXIT_CODE = 124;

/** Options of `api.runtime.system.runCommandWithTimeout` (spec 4.12). */
export interface RunCommandOptions {
  timeoutMs?: number;
  cwd?: string;
  input?: string;
  /** Added to `baseEnv`. */
  env?: Record<string, string | undefined>;
  /** Default: the gateway's own environment. */
  baseEnv?: Record<string, string | undefined>;
  noOutputTimeoutMs?: number;
  signal?: AbortSignal;
  maxOutputBytes?: number;
  /** Which part of too much output is kept; default `head`. */
  outputCapture?: "head" | "tail";
  /** Ends the program as soon as it has said more than `maxOutputBytes` on one stream. */
  terminateOnOutputLimit?: boolean;
  /** The program gets a process group of its own, which is ended as a whole. Not on Windows. */
  killProcessTree?: boolean;
  killSignal?: NodeJS.Signals;
  killGraceMs?: number;
  onOutputChunk?(chunk: { stream: "stdout" | "stderr"; text: string }): void;
}

/** Accepts `(argv, msOrOptions)` and `(command, args, options)` (spec 0.2). */
export function commandArguments(given: readonly unknown[]): { argv: string[]; options: RunCommandOptions } {
  const [first, second, third] = given;
  const whole = Array.isArray(first);
  const argv = whole ? first : [first, ...(Array.isArray(second) ? second : [])];
  const last = whole ? second : Array.isArray(second) ? third : second;
  if (argv.length === 0 || argv.some((part) => typeof part !== "string") || argv[0] === "") {
    throw new SluiceError(
      "COMMAND_INVALID",
      "runCommandWithTimeout needs a command: a list of texts, program first",
    );
  }
  const options = typeof last === "number" ? { timeoutMs: last } : ((last ?? {}) as RunCommandOptions);
  return { argv: argv as string[], options };
}

/** What a program said, as bytes. */
export type BufferedCommandResult = Omit<CommandResult, "stdout" | "stderr"> & {
  stdout: Buffer;
  stderr: Buffer;
  outputLimitExceeded?: boolean;
};

/**
 * Runs a program without a shell and collects what it says, as text. It ends with its `owner`: asked first, killed
 * when it does not; of what it started itself only with `killProcessTree`.
 *
 * @throws SluiceError `COMMAND_FAILED` when the program cannot be started, `COMMAND_REFUSED` when `owner` is gone
 */
export async function runCommand(
  argv: readonly string[],
  options: RunCommandOptions,
  clock: Clock,
  owner?: RunningPrograms,
): Promise<CommandResult & { outputLimitExceeded?: boolean }> {
  const result = await runBufferedCommand(argv, options, clock, owner);
  return { ...result, stdout: result.stdout.toString("utf8"), stderr: result.stderr.toString("utf8") };
}

/** The same with bytes. */
export function runBufferedCommand(
  argv: readonly string[],
  options: RunCommandOptions,
  clock: Clock,
  owner?: RunningPrograms,
): Promise<BufferedCommandResult> {
  return new Promise((resolve, reject) => {
    owner?.assertOpen();
    const [program = "", ...args] = argv;
    const ownGroup = options.killProcessTree === true && process.platform !== "win32";
    const child = spawn(program, args, {
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: { ...(options.baseEnv ?? process.env), ...options.env },
      stdio: ["pipe", "pipe", "pipe"],
      shell: false,
      windowsHide: true,
      detached: ownGroup,
    });
    const limit = options.maxOutputBytes ?? DEFAULT_MAX_OUTPUT_BYTES;
    const side = options.outputCapture ?? "head";
    const output = { stdout: new BoundedOutput(limit, side), stderr: new BoundedOutput(limit, side) };
    let tooMuch = false;
    const timers: Disposable[] = [];
    let termination: CommandResult["termination"] = "exit";
    let quiet: Disposable | undefined;

    const kill = (signal: NodeJS.Signals) => {
      try {
        if (ownGroup && child.pid !== undefined) process.kill(-child.pid, signal);
        else child.kill(signal);
      } catch {
        // The group is gone already.
      }
    };
    const graceMs = options.killGraceMs ?? DEFAULT_KILL_GRACE_MS;
    const killIn = (delayMs: number) => {
      const outright = () => {
        kill("SIGKILL");
        // What it started may live on and hold its output; that is no reason to wait for it.
        timers.push(clock.after(OUTPUT_GRACE_MS, letGo));
      };
      timers.push(clock.after(delayMs, outright));
    };
    let goOn = () => {};
    const ended = new Promise<void>((done) => {
      goOn = done;
    });
    const letGo = () => {
      child.stdout.destroy();
      child.stderr.destroy();
      goOn();
    };
    const stop = (why: CommandResult["termination"]) => {
      if (termination !== "exit") return;
      termination = why;
      kill(options.killSignal ?? "SIGTERM");
      killIn(graceMs);
    };
    const leave = owner?.add({
      end() {
        stop("signal");
        killIn(Math.min(graceMs, MAX_UNLOAD_GRACE_MS));
        return ended;
      },
    });
    const listen = () => {
      void quiet?.dispose();
      if (options.noOutputTimeoutMs)
        quiet = clock.after(options.noOutputTimeoutMs, () => stop("no-output-timeout"));
    };
    for (const stream of ["stdout", "stderr"] as const) {
      // A character may come in two chunks.
      const decoder = new StringDecoder("utf8");
      child[stream].on("data", (chunk: Buffer) => {
        output[stream].add(chunk);
        listen();
        if (options.terminateOnOutputLimit && output[stream].lost > 0) {
          tooMuch = true;
          stop("signal");
        }
        const text = options.onOutputChunk ? decoder.write(chunk) : "";
        if (text !== "") options.onOutputChunk?.({ stream, text });
      });
    }
    const onAbort = () => stop("signal");
    if (options.timeoutMs) timers.push(clock.after(options.timeoutMs, () => stop("timeout")));
    if (options.signal?.aborted) onAbort();
    else options.signal?.addEventListener("abort", onAbort, { once: true });
    listen();

    const release = () => {
      leave?.();
      goOn();
      for (const timer of timers) void timer.dispose();
      void quiet?.dispose();
      options.signal?.removeEventListener("abort", onAbort);
    };
    child.on("error", (cause) => {
      release();
      reject(
        new SluiceError("COMMAND_FAILED", `cannot start ${program}: ${cause.message}`, {
          cause,
          details: { program },
        }),
      );
    });
    child.on("close", (code, signal) => {
      release();
      // Whatever is left of the group was asked to end with it, and has nobody to tell any more.
      if (ownGroup && termination !== "exit") kill("SIGKILL");
      const timedOut = termination === "timeout" || termination === "no-output-timeout";
      resolve({
        ...(child.pid === undefined ? {} : { pid: child.pid }),
        stdout: output.stdout.bytes,
        stderr: output.stderr.bytes,
        ...(tooMuch ? { outputLimitExceeded: true } : {}),
        code: code ?? (timedOut ? TIMEOUT_EXIT_CODE : null),
        signal,
        killed: termination !== "exit",
        termination: termination === "exit" && signal ? "signal" : termination,
        ...(termination === "no-output-timeout" ? { noOutputTimedOut: true } : {}),
        ...(output.stdout.lost > 0 ? { stdoutTruncatedBytes: output.stdout.lost } : {}),
        ...(output.stderr.lost > 0 ? { stderrTruncatedBytes: output.stderr.lost } : {}),
      });
    });
    // A program that does not read its input closes the pipe; that is its right.
    child.stdin.on("error", () => {});
    child.stdin.end(options.input ?? "");
  });
}

class BoundedOutput {
  readonly #chunks: Buffer[] = [];
  readonly #limit: number;
  readonly #side: "head" | "tail";
  #size = 0;
  /** Bytes that were not kept. */
  lost = 0;

  constructor(limit: number, side: "head" | "tail") {
    this.#limit = limit;
    this.#side = side;
  }

  add(chunk: Buffer): void {
    if (this.#side === "head") {
      const kept = chunk.subarray(0, Math.max(0, this.#limit - this.#size));
      this.lost += chunk.length - kept.length;
      this.#keep(kept);
      return;
    }
    this.#keep(chunk);
    while (this.#size > this.#limit) {
      const first = this.#chunks.shift();
      if (!first) return;
      const kept = first.subarray(Math.min(first.length, this.#size - this.#limit));
      this.lost += first.length - kept.length;
      this.#size -= first.length - kept.length;
      if (kept.length > 0) this.#chunks.unshift(kept);
    }
  }

  #keep(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#size += chunk.length;
    this.#chunks.push(chunk);
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}
