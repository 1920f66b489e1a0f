import { execFile } from "node:child_process";

const DEFAULT_TIMEOUT_MS = 60_000;
const DEFAULT_MAX_BYTES = 16 * 1_024 * 1_024;

export interface MediaProgramOptions {
  timeoutMs?: number;
  maxBufferBytes?: number;
  input?: Buffer | string;
}

/** Runs a media program without a shell and gives what it printed. */
function run(program: string, args: readonly string[], options: MediaProgramOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const limits = {
      timeout: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
      maxBuffer: options.maxBufferBytes ?? DEFAULT_MAX_BYTES,
    };
    const child = execFile(program, [...args], limits, (error, stdout) => {
      if (!error) resolve(stdout);
      else if ((error as NodeJS.ErrnoException).code === "ENOENT") {
        reject(new Error(`${program} is not installed; install it to convert media`, { cause: error }));
      } else reject(error);
    });
    if (options.input !== undefined) child.stdin?.end(options.input);
  });
}

export function runFfmpeg(args: readonly string[], options: MediaProgramOptions = {}): Promise<string> {
  return run("ffmpeg", args, options);
}

export function runFfprobe(args: readonly string[], options: MediaProgramOptions = {}): Promise<string> {
  return run("ffprobe", args, options);
}
