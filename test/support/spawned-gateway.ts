import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const launcher = fileURLToPath(new URL("../../bin/sluice.cjs", import.meta.url));

const READY_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 8_000;

/** A gateway process as a user would start it, on a state folder of its own. */
export interface SpawnedGateway {
  readonly port: number;
  readonly url: string;
  readonly token: string;
  readonly stateDir: string;
  readonly process: ChildProcess;
  /** What it has printed so far. */
  output(): string;
  /** SIGTERM, then the exit status. */
  stop(): Promise<number | null>;
  /** {@link stop}, and the state folder goes. */
  dispose(): Promise<void>;
}

export interface SpawnedGatewayOptions {
  config?: object;
  env?: Record<string, string>;
  /** An existing state folder; it is then left in place. */
  stateDir?: string;
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

/** Environment of a process that must find nothing of the person running the tests. */
export function isolatedEnvironment(stateDir: string, more: Record<string, string> = {}): NodeJS.ProcessEnv {
  return {
    PATH: process.env["PATH"],
    HOME: stateDir,
    TMPDIR: tmpdir(),
    SLUICE_STATE_DIR: stateDir,
    SLUICE_DISABLE_BONJOUR: "1",
    ...more,
  };
}

/** Starts `sluice gateway run` and waits until `/readyz` answers 200. */
export async function spawnGateway(options: SpawnedGatewayOptions = {}): Promise<SpawnedGateway> {
  const stateDir = options.stateDir ?? (await mkdtemp(join(tmpdir(), "sluice-gateway-")));
  const token = "test-token-0123456789abcdef0123456789abcdef";
  if (options.config)
    await writeFile(join(stateDir, "sluice.json"), JSON.stringify(options.config), { mode: 0o600 });
  const port = await freePort();
  const child = spawn(process.execPath, [launcher, "gateway", "run", "--port", String(port)], {
    env: isolatedEnvironment(stateDir, { SLUICE_GATEWAY_TOKEN: token, ...options.env }),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  child.stdout.on("data", (chunk) => (output += chunk));
  child.stderr.on("data", (chunk) => (output += chunk));
  const gateway: SpawnedGateway = {
    port,
    url: `ws://127.0.0.1:${port}`,
    token,
    stateDir,
    process: child,
    output: () => output,
    stop: () => stop(child),
    async dispose() {
      await stop(child);
      if (options.stateDir === undefined) await rm(stateDir, { recursive: true, force: true });
    },
  };
  try {
    await untilReady(gateway);
  } catch (error) {
    await gateway.dispose();
    throw error;
  }
  return gateway;
}

async function untilReady(gateway: SpawnedGateway): Promise<void> {
  const end = Date.now() + READY_LIMIT_MS;
  while (Date.now() < end && gateway.process.exitCode === null) {
    const response = await fetch(`http://127.0.0.1:${gateway.port}/readyz`).catch(() => undefined);
    await response?.arrayBuffer();
    if (response?.status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`the gateway did not become ready:\n${gateway.output()}`);
}

function stop(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => {
    const limit = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT_MS);
    child.once("exit", (status) => {
      clearTimeout(limit);
      resolve(status);
    });
    child.kill("SIGTERM");
  });
}
