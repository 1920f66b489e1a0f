// Programs under measurement: started on a core of their own, asked for CPU time and memory.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { cpus } from "node:os";

const canPin = existsSync("/usr/bin/taskset") && cpus().length > 1;
const SERVER_CPU = "0";
const LOAD_CPU = "1";

/** Moves this process (the load) to its own core. True when server and load are apart. */
export function pinLoad() {
  if (canPin) spawnSync("taskset", ["-a", "-p", "-c", LOAD_CPU, String(process.pid)], { stdio: "ignore" });
  return canPin;
}

/** Command and arguments that run `args` with this Node on the server's core. */
export function pinned(args, program = process.execPath) {
  return canPin ? ["taskset", ["-c", SERVER_CPU, program, ...args]] : [program, args];
}

const children = new Set();
// A bench that ends early leaves nothing running behind.
process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL");
});
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));

/** A running program. */
export class Program {
  #child;
  #output = "";

  constructor(args, { env = process.env, cwd } = {}) {
    const [command, rest] = pinned(args);
    this.#child = spawn(command, rest, { env, cwd, stdio: ["ignore", "pipe", "pipe"] });
    children.add(this.#child);
    this.#child.once("exit", () => children.delete(this.#child));
    this.#child.stdout.on("data", (chunk) => (this.#output += chunk));
    this.#child.stderr.on("data", (chunk) => (this.#output += chunk));
  }

  get pid() {
    return this.#child.pid;
  }

  get output() {
    return this.#output;
  }

  get running() {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Waits for a line and returns its first group. */
  async line(pattern, limitMs = 20_000) {
    const end = Date.now() + limitMs;
    for (;;) {
      const match = pattern.exec(this.#output);
      if (match) return match[1] ?? match[0];
      if (!this.running || Date.now() > end) throw new Error(`no ${pattern} in:\n${this.#output}`);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  async stop() {
    if (!this.running) return;
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.kill("SIGTERM");
    const limit = setTimeout(() => this.#child.kill("SIGKILL"), 8_000);
    await ended;
    clearTimeout(limit);
  }
}

/** CPU time of a process so far in milliseconds, all its living threads, to the nanosecond on Linux. */
export function cpuMs(pid) {
  let total = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    try {
      total += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ")[0]);
    } catch {}
  }
  return total / 1e6;
}

/** Memory of a process in MB (resident set). */
export function rssMb(pid) {
  const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kilobytes) / 1024;
}

/** Runs a short program to its end and returns `{ cpu, wall }` in milliseconds. */
export function timeToEnd(args, env = process.env) {
  const [command, rest] = pinned(args);
  const started = performance.now();
  const child = spawnSync(
    "bash",
    ["-c", 'TIMEFORMAT="%3U %3S"; time "$@" >/dev/null 2>/dev/null', "time", command, ...rest],
    { env, encoding: "utf8" },
  );
  const wall = performance.now() - started;
  const [user, system] = child.stderr.trim().split(" ").map(Number);
  return { cpu: (user + system) * 1_000, wall };
}
