import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { createConnection, createServer, type Socket } from "node:net";
import { join } from "node:path";

const BINARY = "/usr/sbin/ngircd";

/** Why the real server cannot be had, or nothing. Installs Debian's package when it is missing and we may. */
export function missingNgircd(): string | undefined {
  if (existsSync(BINARY)) return undefined;
  if (process.getuid?.() !== 0)
    return "ngircd is not installed, and only root can install it (apt-get install ngircd)";
  const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  spawnSync("apt-get", ["update", "-q"], { env: environment, timeout: 120_000 });
  const install = spawnSync("apt-get", ["install", "-y", "-q", "--no-install-recommends", "ngircd"], {
    env: environment,
    timeout: 180_000,
    encoding: "utf8",
  });
  return existsSync(BINARY) ? undefined : `apt-get install ngircd failed: ${install.stderr ?? install.error}`;
}

export interface IrcServer {
  port: number;
  stop(): Promise<void>;
}

/** Starts a real ngircd on a loopback port in a folder of its own. */
export async function startNgircd(folder: string, options: { port?: number } = {}): Promise<IrcServer> {
  const port = options.port ?? (await freePort());
  const home = join(folder, "ngircd");
  await mkdir(home, { recursive: true });
  // It drops to an unprivileged user when started by root and has to read its own file.
  await chmod(folder, 0o755);
  await chmod(home, 0o755);
  const file = join(home, "ngircd.conf");
  await writeFile(
    file,
    [
      "[Global]",
      "Name = irc.test.local",
      "Info = Test server",
      "AdminInfo1 = test",
      `Ports = ${port}`,
      "Listen = 127.0.0.1",
      "MotdPhrase = hello",
      `PidFile = ${join(home, "pid")}`,
      "[Limits]",
      "MaxConnectionsIP = 0",
      "MaxNickLength = 30",
      "MaxPenaltyTime = 0",
      "MaxJoins = 100",
      "[Options]",
      "Ident = no",
      "DNS = no",
      "PAM = no",
      "SyslogFacility = local1",
      "CloakHost =",
      "",
    ].join("\n"),
    { mode: 0o644 },
  );
  const child = spawn(BINARY, ["-n", "-f", file], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  child.stdout.on("data", (data) => {
    output = (output + data).slice(-4_000);
  });
  child.stderr.on("data", (data) => {
    output = (output + data).slice(-4_000);
  });
  await reachable(port, child, () => output);
  return { port, stop: () => stopProcess(child) };
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

async function reachable(port: number, child: ChildProcess, output: () => string): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (child.exitCode !== null) throw new Error(`ngircd ended with ${child.exitCode}: ${output()}`);
    const open = await new Promise<boolean>((resolve) => {
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

export async function stopProcess(child: ChildProcess, signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill(signal);
  const late = setTimeout(() => child.kill("SIGKILL"), 3_000);
  await ended;
  clearTimeout(late);
}

/** The smallest IRC client there is: lines out, lines in. */
export class RawIrcClient {
  readonly lines: string[] = [];
  readonly nick: string;
  readonly #socket: Socket;
  #buffer = "";
  readonly #waiting = new Set<() => void>();

  private constructor(socket: Socket, nick: string) {
    this.nick = nick;
    this.#socket = socket;
    socket.setEncoding("utf8");
    socket.on("data", (data: string) => this.#take(data));
    socket.on("error", () => {});
  }

  static async connect(port: number, nick: string): Promise<RawIrcClient> {
    const socket = createConnection({ host: "127.0.0.1", port });
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    const client = new RawIrcClient(socket, nick);
    client.write(`NICK ${nick}`);
    client.write(`USER ${nick} 0 * :${nick}`);
    await client.until((line) => / 001 /.test(line));
    return client;
  }

  write(line: string): void {
    this.#socket.write(`${line}\r\n`);
  }

  /** Text of every message that `from` has sent so far. */
  heard(from: string): string[] {
    return this.lines
      .map((line) => /^:([^!\s]+)!\S+ PRIVMSG \S+ :(.*)$/.exec(line))
      .filter((match) => match?.[1] === from)
      .map((match) => match?.[2] as string);
  }

  async until(check: (line: string) => boolean, limitMs = 8_000): Promise<string> {
    const deadline = Date.now() + limitMs;
    let seen = 0;
    for (;;) {
      for (; seen < this.lines.length; seen++) {
        const line = this.lines[seen] as string;
        if (check(line)) return line;
      }
      const rest = deadline - Date.now();
      if (rest <= 0) throw new Error(`no such line; the last were:\n${this.lines.slice(-8).join("\n")}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(done, rest);
        const waiting = this.#waiting;
        function done() {
          clearTimeout(timer);
          waiting.delete(done);
          resolve();
        }
        waiting.add(done);
      });
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(data: string): void {
    this.#buffer += data;
    for (let end = this.#buffer.indexOf("\n"); end >= 0; end = this.#buffer.indexOf("\n")) {
      const line = this.#buffer.slice(0, end).replace(/\r$/, "");
      this.#buffer = this.#buffer.slice(end + 1);
      if (line.startsWith("PING")) this.write(`PONG${line.slice(4)}`);
      this.lines.push(line);
    }
    for (const wake of [...this.#waiting]) wake();
  }
}
