// A real IRC server and the smallest client, for tests and for the crash loop.
import { spawn } from "node:child_process";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { createConnection, createServer } from "node:net";
import { join } from "node:path";
import { findProgram } from "./system-programs.mjs";

/** Why the real server cannot be had, or undefined. `npm test` installs it where it can. */
export function missingNgircd() {
  return findProgram("ngircd") ? undefined : "ngircd is not installed (Debian: apt-get install ngircd)";
}

/** Starts ngircd on a loopback port, its files in `folder`. */
export async function startNgircd(folder, options = {}) {
  const port = options.port ?? (await freePort());
  const home = join(folder, "ngircd");
  await mkdir(home, { recursive: true });
  // It drops to an unprivileged user when started by root and has to read its own file.
  await chmod(folder, 0o755);
  await chmod(home, 0o755);
  const file = join(home, "ngircd.conf");
  const lines = [
    "[Global]",
    "Name = irc.test.local",
    "Info = Test server",
    "AdminInfo1 = test",
    `Ports = ${port}`,
    "Listen = 127.0.0.1",
    "MotdPhrase = hello",
    "[Limits]",
    "MaxConnectionsIP = 0",
    "MaxNickLength = 30",
    "MaxPenaltyTime = 0",
    "MaxJoins = 100",
    "[Options]",
    "Ident = no",
    "DNS = no",
    "PAM = no",
    "",
  ];
  await writeFile(file, lines.join("\n"), { mode: 0o644 });
  const child = spawn(findProgram("ngircd"), ["-n", "-f", file], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (data) => {
      output = (output + data).slice(-4_000);
    });
  }
  await reachable(port, child, () => output);
  return { port, stop: () => stopProcess(child) };
}

export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function reachable(port, child, output) {
  for (let tries = 0; tries < 200; tries++) {
    if (child.exitCode !== null) throw new Error(`ngircd ended with ${child.exitCode}: ${output()}`);
    const open = await new Promise((resolve) => {
      const socket = createConnection({ host: "127.0.0.1", port });
      socket.once("connect", () => {
        socket.destroy();
        resolve(true);
      });
      socket.once("error", () => resolve(false));
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`ngircd did not listen on ${port}: ${output()}`);
}

/** Ends a child that this process started, and waits for it. */
export async function stopProcess(child, signal = "SIGTERM") {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill(signal);
  const late = setTimeout(() => child.kill("SIGKILL"), 10_000);
  await ended;
  clearTimeout(late);
}

/** Lines out, lines in. */
export class RawIrcClient {
  nick;
  lines = [];
  /** Called with every line. */
  onLine = () => {};
  #socket;
  #buffer = "";
  #waiting = new Set();

  constructor(socket, nick) {
    this.nick = nick;
    this.#socket = socket;
    socket.setEncoding("utf8");
    socket.on("data", (data) => this.#take(data));
    socket.on("error", () => {});
  }

  static async connect(port, nick) {
    const socket = createConnection({ host: "127.0.0.1", port });
    await new Promise((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    const client = new RawIrcClient(socket, nick);
    client.write(`NICK ${nick}`);
    client.write(`USER ${nick} 0 * :${nick}`);
    await client.until((line) => / 001 /.test(line));
    return client;
  }

  write(line) {
    this.#socket.write(`${line}\r\n`);
  }

  /** Text of every message that `from` has sent so far. */
  heard(from) {
    return this.lines
      .map((line) => /^:([^!\s]+)!\S+ PRIVMSG \S+ :(.*)$/.exec(line))
      .filter((match) => match?.[1] === from)
      .map((match) => match[2]);
  }

  /** The first line, past or future, that satisfies `check`. */
  async until(check, limitMs = 8_000) {
    const deadline = Date.now() + limitMs;
    for (let seen = 0; ; ) {
      for (; seen < this.lines.length; seen++) if (check(this.lines[seen])) return this.lines[seen];
      const rest = deadline - Date.now();
      if (rest <= 0) throw new Error(`no such line; the last were:\n${this.lines.slice(-8).join("\n")}`);
      await new Promise((resolve) => {
        const done = () => {
          clearTimeout(timer);
          this.#waiting.delete(done);
          resolve();
        };
        const timer = setTimeout(done, rest);
        this.#waiting.add(done);
      });
    }
  }

  close() {
    this.#socket.destroy();
  }

  #take(data) {
    this.#buffer += data;
    for (let end = this.#buffer.indexOf("\n"); end >= 0; end = this.#buffer.indexOf("\n")) {
      const line = this.#buffer.slice(0, end).replace(/\r$/, "");
      this.#buffer = this.#buffer.slice(end + 1);
      if (line.startsWith("PING")) this.write(`PONG${line.slice(4)}`);
      this.lines.push(line);
      this.onLine(line);
    }
    for (const wake of [...this.#waiting]) wake();
  }
}
