import { spawn } from "node:child_process";
import type { Clock } from "../../kernel/clock.ts";

export interface ProcessRequest {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly timeoutMs: number;
  /** Bytes of stdout and stderr together. */
  readonly maxOutputBytes: number;
  readonly clock: Clock;
}

export interface ProcessResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Why it was ended early. */
  readonly ended?: "timeout" | "output";
}

/** Runs a program without a shell, within bounds of time and output. Rejects only when it cannot be started. */
export function runProcess(request: ProcessRequest): Promise<ProcessResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(request.command, [...request.args], {
      cwd: request.cwd,
      env: request.env,
      stdio: ["pipe", "pipe", "pipe"],
      windowsHide: true,
    });
    let ended: ProcessResult["ended"];
    let bytes = 0;
    const chunks: { stdout: Buffer[]; stderr: Buffer[] } = { stdout: [], stderr: [] };
    const end = (why: NonNullable<ProcessResult["ended"]>) => {
      ended ??= why;
      child.kill("SIGKILL");
    };
    const timer = request.clock.after(request.timeoutMs, () => end("timeout"));
    for (const name of ["stdout", "stderr"] as const) {
      child[name].on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > request.maxOutputBytes) end("output");
        else chunks[name].push(chunk);
      });
    }
    child.once("error", (error) => {
      void timer.dispose();
      reject(error);
    });
    child.once("close", (status) => {
      void timer.dispose();
      const text = (name: "stdout" | "stderr") => Buffer.concat(chunks[name]).toString("utf8");
      resolve({ status, stdout: text("stdout"), stderr: text("stderr"), ...(ended ? { ended } : {}) });
    });
    // A program that does not read what it is told is no error.
    child.stdin.on("error", () => {});
    child.stdin.end(request.input ?? "");
  });
}
