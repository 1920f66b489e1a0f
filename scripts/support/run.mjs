// Runs a program and shows that it is alive. Node built-ins only.
import { spawn } from "node:child_process";

const HEARTBEAT_MS = 15_000;

/**
 * Runs a program to its end. Its output goes to stderr (stdout belongs to the command the user typed), or
 * is collected with `collect`. Resolves with `{ status, output, seconds }`; never rejects.
 */
export function run(command, args, { cwd, env, label, collect = false, timeoutMs } = {}) {
  const started = Date.now();
  const seconds = () => (Date.now() - started) / 1000;
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: env ?? process.env,
      stdio: collect ? ["ignore", "pipe", "pipe"] : ["ignore", 2, 2],
    });
    let output = "";
    child.stdout?.on("data", (chunk) => (output += chunk));
    child.stderr?.on("data", (chunk) => (output += chunk));
    const heartbeat = label
      ? setInterval(() => console.error(`… ${label}: ${Math.round(seconds())} s`), HEARTBEAT_MS)
      : undefined;
    const limit = timeoutMs
      ? setTimeout(() => {
          output += `\n${command} was stopped after ${Math.round(timeoutMs / 1000)} s\n`;
          child.kill("SIGTERM");
          setTimeout(() => child.kill("SIGKILL"), 5_000).unref();
        }, timeoutMs)
      : undefined;
    const end = (status, more = "") => {
      clearInterval(heartbeat);
      clearTimeout(limit);
      resolve({ status, output: output + more, seconds: seconds() });
    };
    child.once("error", (error) => end(127, `${command}: ${error.message}\n`));
    child.once("close", (status) => end(status ?? 1));
  });
}

/** The npm that started this script, else the one on the path. */
export function npm(args, options) {
  const own = process.env["npm_execpath"];
  if (own?.endsWith(".js") || own?.endsWith(".cjs")) return run(process.execPath, [own, ...args], options);
  return run(process.platform === "win32" ? "npm.cmd" : "npm", args, options);
}
