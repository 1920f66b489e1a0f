// Start to /readyz 200 and memory at rest, next to an empty node and to a bare server.
import { join } from "node:path";
import { freePort, root, startGateway, stateFolder, untilReady } from "../support/gateway.mjs";
import { cpuMs, Program, rssMb } from "../support/process.mjs";
import { median, medianRatio, sleep } from "../support/statistics.mjs";

const ROUNDS = 7;
/** Memory is read when start-up garbage had a chance to go. */
const REST_MS = 3_000;
const MEMORY_ROUNDS = 3;
const EMPTY = ["-e", 'console.log("ready"); setInterval(() => {}, 1e6)'];

export const name = "start";

async function empty() {
  const program = new Program(EMPTY);
  await program.line(/ready/);
  await sleep(30);
  const sample = { cpu: cpuMs(program.pid), rss: rssMb(program.pid) };
  await program.stop();
  return sample;
}

async function bare() {
  const state = await stateFolder();
  const port = await freePort();
  const started = performance.now();
  const program = new Program([
    join(root, "bench/floors/start.mjs"),
    join(state.folder, "floor.sqlite"),
    port,
  ]);
  await untilReady(port, program);
  const sample = { wall: performance.now() - started, cpu: cpuMs(program.pid) };
  await program.stop();
  await state.dispose();
  return sample;
}

/** The budget's case: every bundled plugin discovered, two of them active. */
const TWO_ACTIVE = { plugins: { allow: ["echo", "webchat"] } };

async function gateway(config, restMs = 0) {
  const started = performance.now();
  const running = await startGateway(config);
  const sample = { wall: performance.now() - started, cpu: cpuMs(running.pid) };
  if (restMs > 0) {
    await sleep(restMs);
    sample.rss = rssMb(running.pid);
  }
  await running.dispose();
  return sample;
}

export async function run() {
  // The first start writes the code cache, as the first start of every installation does.
  await gateway({}, 5_000);
  const samples = { empty: [], again: [], bare: [], gateway: [], asInstalled: [] };
  for (let round = 0; round < ROUNDS; round++) {
    samples.empty.push(await empty());
    samples.bare.push(await bare());
    const restMs = round < MEMORY_ROUNDS ? REST_MS : 0;
    samples.gateway.push(await gateway(TWO_ACTIVE, restMs));
    samples.asInstalled.push(await gateway({}, restMs));
    samples.again.push(await empty());
  }
  const of = (variant, field) => samples[variant].map((sample) => sample[field]);
  const rssOf = (variant) => median(of(variant, "rss").filter((value) => value !== undefined));
  const emptyRss = rssOf("empty");
  return [
    {
      what: "start to /readyz, two plugins active: CPU ÷ empty node",
      ours: median(of("gateway", "cpu")),
      floor: median(of("empty", "cpu")),
      unit: "ms",
      ratio: medianRatio(of("gateway", "cpu"), of("empty", "cpu")),
      aa: medianRatio(of("again", "cpu"), of("empty", "cpu")),
      budget: { max: 3 },
    },
    {
      what: "start to /readyz, two plugins active: wall ÷ bare http + ws + better-sqlite3",
      ours: median(of("gateway", "wall")),
      floor: median(of("bare", "wall")),
      unit: "ms",
      ratio: medianRatio(of("gateway", "wall"), of("bare", "wall")),
      budget: { max: 1.5 },
    },
    {
      what: "memory at rest, two plugins active, over empty node",
      ours: rssOf("gateway"),
      floor: emptyRss,
      unit: "MB",
      difference: rssOf("gateway") - emptyRss,
      budget: { maxDifference: 50 },
    },
    {
      what: "as installed, all default plugins: CPU ÷ empty node",
      ours: median(of("asInstalled", "cpu")),
      floor: median(of("empty", "cpu")),
      unit: "ms",
      ratio: medianRatio(of("asInstalled", "cpu"), of("empty", "cpu")),
    },
    {
      what: "as installed, all default plugins: memory over empty node",
      ours: rssOf("asInstalled"),
      floor: emptyRss,
      unit: "MB",
      difference: rssOf("asInstalled") - emptyRss,
    },
  ];
}
