import { spawn } from "node:child_process";

const DEFAULT_GRACE_MS = 3_000;

export function isPidAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: unknown }).code === "EPERM";
  }
}

/**
 * Ends a process and what it started: politely, and outright when `graceMs` have passed. A process that leads
 * a group of its own (`detached`) is ended with the group.
 */
export function killProcessTree(
  pid: number,
  options: { detached?: boolean; graceMs?: number; force?: boolean } = {},
): void {
  if (!Number.isInteger(pid) || pid <= 1 || pid === process.pid) return;
  if (process.platform === "win32") {
    const force = options.force || options.graceMs === 0 ? ["/F"] : [];
    spawn("taskkill", [...force, "/T", "/PID", String(pid)], { stdio: "ignore", windowsHide: true }).on(
      "error",
      () => {},
    );
    return;
  }
  const target = options.detached === false ? pid : -pid;
  const graceMs = options.force ? 0 : (options.graceMs ?? DEFAULT_GRACE_MS);
  if (graceMs <= 0) {
    send(target, pid, "SIGKILL");
    return;
  }
  send(target, pid, "SIGTERM");
  setTimeout(() => {
    if (isPidAlive(pid)) send(target, pid, "SIGKILL");
  }, graceMs).unref();
}

/** To the group; to the process alone when it leads none. */
function send(target: number, pid: number, signal: NodeJS.Signals): void {
  for (const receiver of target === pid ? [pid] : [target, pid]) {
    try {
      process.kill(receiver, signal);
      return;
    } catch {
      // Gone already, or no group: the next receiver, if any.
    }
  }
}

/**
 * The words of a command line: quotes hold words together, a backslash takes the next character as it is.
 *
 * @throws for a quote that is never closed, unless `allowUnclosedQuotes`
 */
export function splitCommandArgs(text: string, options: { allowUnclosedQuotes?: boolean } = {}): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let index = 0; index < text.length; index++) {
    const char = text[index] as string;
    const next = text[index + 1];
    if (quote !== "") {
      if (char === quote) quote = "";
      else if (char === "\\" && quote === '"' && (next === '"' || next === "\\")) {
        word += next;
        index++;
      } else word += char;
    } else if (char === '"' || char === "'") {
      quote = char;
      word ??= "";
    } else if (char === "\\" && next !== undefined) {
      word = (word ?? "") + next;
      index++;
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? "") + char;
  }
  if (quote !== "" && !options.allowUnclosedQuotes) throw new Error(`unclosed ${quote} in a command line`);
  if (word !== undefined) words.push(word);
  return words;
}
