// A gateway under measurement, on a state folder of its own.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, get } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Program } from "./process.mjs";

export const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
export const TOKEN = "bench-token-0123456789abcdef0123456789abcdef";
const READY_LIMIT_MS = 30_000;
const POLL_MS = 2;

export function freePort() {
  return new Promise((resolvePort) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolvePort(port));
    });
  });
}

/** Resolves when `/readyz` answers 200. */
export async function untilReady(port, program) {
  const end = Date.now() + READY_LIMIT_MS;
  while (Date.now() < end) {
    if (!program.running) throw new Error(`it ended before it was ready:\n${program.output}`);
    const status = await probe(port);
    if (status === 200) return;
    await new Promise((done) => setTimeout(done, POLL_MS));
  }
  throw new Error(`it was not ready in ${READY_LIMIT_MS} ms:\n${program.output}`);
}

function probe(port) {
  return new Promise((done) => {
    const request = get({ port, host: "127.0.0.1", path: "/readyz", agent: false }, (response) => {
      response.resume();
      response.on("end", () => done(response.statusCode));
    });
    request.on("error", () => done(0));
  });
}

/** A state folder with a configuration; gone after `dispose`. */
export async function stateFolder(config = {}) {
  const folder = await mkdtemp(join(tmpdir(), "sluice-bench-"));
  await writeFile(join(folder, "sluice.json"), JSON.stringify(config), { mode: 0o600 });
  return { folder, dispose: () => rm(folder, { recursive: true, force: true }) };
}

export function gatewayEnvironment(folder) {
  return {
    ...process.env,
    SLUICE_STATE_DIR: folder,
    SLUICE_GATEWAY_TOKEN: TOKEN,
    SLUICE_DISABLE_BONJOUR: "1",
    NODE_ENV: "production",
  };
}

/** Starts a gateway and waits until it is ready: `{ port, pid, program, dispose }`. */
export async function startGateway(config = {}) {
  const state = await stateFolder(config);
  const port = await freePort();
  const program = new Program([join(root, "bin/sluice.cjs"), "gateway", "run", "--port", String(port)], {
    env: gatewayEnvironment(state.folder),
  });
  try {
    await untilReady(port, program);
  } catch (error) {
    await program.stop();
    await state.dispose();
    throw error;
  }
  return {
    port,
    pid: program.pid,
    program,
    folder: state.folder,
    async dispose() {
      await program.stop();
      await state.dispose();
    },
  };
}

/** Starts a floor program of bench/floors; it prints `port <number>` when it listens. */
export async function startFloor(name, args = []) {
  const program = new Program([join(root, "bench/floors", `${name}.mjs`), ...args]);
  const port = Number(await program.line(/port (\d+)/));
  return { port, pid: program.pid, program, dispose: () => program.stop() };
}
