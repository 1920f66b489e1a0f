// Ingest of batches of 500 new events, durable, next to the floor program. Runs alone as well:
//   node bench/capture/ingest.mjs [--keys 0,1000000,5000000] [--connections 1,8,32] [--rounds 3]
import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { freePort, gatewayEnvironment, root, untilReady } from "../support/gateway.mjs";
import { cpuMs, Program, pinLoad, rssMb } from "../support/process.mjs";
import { median, percentile } from "../support/statistics.mjs";
import { makeBodies } from "./bodies.mjs";

export const name = "ingest";

const KEY = "bench-key-0123456789abcdef";
const EVENTS = 500;
const WINDOW_MS = 2_500;
const BODIES_PER_WINDOW = 400;

async function preloadProgram(folder) {
  const outfile = join(folder, "preload.mjs");
  await build({
    absWorkingDir: root,
    entryPoints: ["bench/capture/preload.entry.ts"],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20.19",
    external: ["better-sqlite3"],
    logLevel: "silent",
  });
  return outfile;
}

async function startOurs(folder, keys, preload) {
  const state = join(folder, `ours-${keys}`);
  await mkdir(state, { recursive: true });
  const worker = join(root, "dist/extensions/capture-ingest/capture.worker.cjs");
  if (keys > 0) {
    const run = spawnSync(process.execPath, [preload, state, String(keys), worker], { encoding: "utf8" });
    if (run.status !== 0) throw new Error(run.stderr);
  }
  const config = {
    plugins: {
      entries: {
        "capture-ingest": {
          enabled: true,
          config: {
            keys: [{ id: "bench", key: KEY }],
            limits: { requestsPerMinute: 1_000_000_000, requestsInFlight: 1_000 },
          },
        },
      },
    },
  };
  await writeFile(join(state, "sluice.json"), JSON.stringify(config), { mode: 0o600 });
  const port = await freePort();
  const { API_KEY: _, ...environment } = gatewayEnvironment(state);
  const program = new Program([join(root, "bin/sluice.cjs"), "gateway", "run", "--port", String(port)], {
    env: environment,
  });
  await untilReady(port, program);
  return { port, program, state };
}

async function startFloor(folder, keys) {
  const program = new Program([join(root, "bench/capture/floor.mjs")], {
    env: { ...process.env, FLOOR_FOLDER: join(folder, `floor-${keys}`), FLOOR_KEYS: String(keys) },
  });
  return { port: Number(await program.line(/port (\d+)/, 600_000)), program };
}

function post(agent, port, body) {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        agent,
        port,
        host: "127.0.0.1",
        method: "POST",
        path: "/api/v1/ingest",
        headers: { "content-type": "application/json", "x-api-key": KEY, "content-length": body.length },
      },
      (response) => {
        let text = "";
        response.on("data", (chunk) => (text += chunk));
        response.on("end", () =>
          response.statusCode === 200 ? resolve(text) : reject(new Error(`${response.statusCode} ${text}`)),
        );
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

function get(agent, port) {
  return new Promise((resolve, reject) => {
    request({ agent, port, host: "127.0.0.1", path: "/readyz" }, (response) => {
      response.resume();
      response.on("end", resolve);
    })
      .on("error", reject)
      .end();
  });
}

/** One window of load: batches by `connections` clients, and one GET after another beside them. */
async function measure({ port, program }, connections, series) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const other = new Agent({ keepAlive: true, maxSockets: 1 });
  const bodies = makeBodies(BODIES_PER_WINDOW, EVENTS, series);
  const times = [];
  const waits = [];
  const cpu = cpuMs(program.pid);
  const started = performance.now();
  const end = started + WINDOW_MS;
  let done = 0;
  let running = true;
  const client = async () => {
    while (performance.now() < end) {
      const body = bodies.pop();
      if (!body) return;
      const sent = performance.now();
      await post(agent, port, body);
      times.push(performance.now() - sent);
      done += 1;
    }
  };
  const watcher = async () => {
    while (running) {
      const sent = performance.now();
      await get(other, port);
      waits.push(performance.now() - sent);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  };
  const watching = watcher();
  await Promise.all(Array.from({ length: connections }, client));
  const seconds = (performance.now() - started) / 1_000;
  running = false;
  await watching;
  agent.destroy();
  other.destroy();
  return {
    eventsPerSecond: (done * EVENTS) / seconds,
    p50: median(times),
    getP99: percentile(waits, 0.99),
    cpuPerBatch: (cpuMs(program.pid) - cpu) / done,
  };
}

const across = (rounds, field) => median(rounds.map((round) => round[field]));

/** Rows for every table size and number of clients; ratios are medians of same-round ratios. */
export async function run({
  keys = [0, 1_000_000],
  connections = [1, 8],
  rounds = 3,
  onRow = () => {},
} = {}) {
  const folder = await mkdtemp(join(tmpdir(), "sluice-ingest-"));
  const rows = [];
  const add = (row) => {
    rows.push(row);
    onRow(row);
  };
  try {
    const preload = await preloadProgram(folder);
    for (const size of keys) {
      const floor = await startFloor(folder, size);
      const ours = await startOurs(folder, size, preload).catch(async (error) => {
        await floor.program.stop();
        throw error;
      });
      try {
        for (const subject of [ours, floor]) await measure(subject, 1, `warm-${subject.port}`);
        const before = rssMb(ours.program.pid);
        for (const clients of connections) {
          const results = { ours: [], floor: [] };
          for (let round = 0; round < rounds; round++) {
            const order = round % 2 === 0 ? ["ours", "floor"] : ["floor", "ours"];
            for (const who of order)
              results[who].push(
                await measure(who === "ours" ? ours : floor, clients, `${who}-${size}-${clients}-${round}`),
              );
          }
          const ratio = median(
            results.ours.map((one, round) => one.eventsPerSecond / results.floor[round].eventsPerSecond),
          );
          const label = `ingest, ${clients} clients, ${size / 1e6} M known`;
          add({
            what: `${label}: events/s`,
            ours: across(results.ours, "eventsPerSecond"),
            floor: across(results.floor, "eventsPerSecond"),
            unit: "/s",
            ratio,
            budget: { min: 1.4 },
          });
          add({
            what: `${label}: batch p50`,
            ours: across(results.ours, "p50"),
            floor: across(results.floor, "p50"),
            unit: "ms",
          });
          add({
            what: `${label}: CPU per batch`,
            ours: across(results.ours, "cpuPerBatch"),
            floor: across(results.floor, "cpuPerBatch"),
            unit: "ms",
          });
          add({
            what: `${label}: a GET meanwhile, p99`,
            ours: across(results.ours, "getP99"),
            floor: across(results.floor, "getP99"),
            unit: "ms",
            budget: { maxValue: 30 },
          });
        }
        add({
          what: `ingest, ${size / 1e6} M known: memory after, MB over the first minute's`,
          ours: rssMb(ours.program.pid) - before,
          unit: "MB",
        });
      } finally {
        await Promise.all([ours.program.stop(), floor.program.stop()]);
      }
    }
    return rows;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const list = (flag) => {
    const at = process.argv.indexOf(flag);
    return at < 0 ? undefined : process.argv[at + 1].split(",").map(Number);
  };
  pinLoad();
  await run({
    keys: list("--keys") ?? [0, 1_000_000, 5_000_000],
    connections: list("--connections") ?? [1, 8, 32],
    rounds: list("--rounds")?.[0] ?? 3,
    onRow: ({ what, ours, floor, ratio, unit }) =>
      console.log(
        [
          what.padEnd(56),
          `${ours.toFixed(1)} ${unit}`.padStart(14),
          floor === undefined ? "" : `floor ${floor.toFixed(1)} ${unit}`.padStart(20),
          ratio === undefined ? "" : `ratio ${ratio.toFixed(2)}`,
        ].join("  "),
      ),
  });
}
