// What each further enabled plugin adds to the start and to the memory of a gateway.
import { enabling, ordinaryPlugin, pluginFolders, writePlugin } from "../plugins/folders.mjs";
import { startGateway } from "../support/gateway.mjs";
import { cpuMs, rssMb } from "../support/process.mjs";
import { median, rotated, sleep } from "../support/statistics.mjs";

const ROUNDS = 5;
const PLUGINS = 50;
const REST_MS = 3_000;

export const name = "plugins-start";

async function sample(config) {
  const started = performance.now();
  const gateway = await startGateway(config);
  const figures = { wall: performance.now() - started, cpu: cpuMs(gateway.pid) };
  await sleep(REST_MS);
  figures.rss = rssMb(gateway.pid);
  await gateway.dispose();
  return figures;
}

export async function run() {
  const made = await pluginFolders();
  try {
    const folders = {};
    for (let index = 0; index < PLUGINS; index++) {
      const id = `made${index}`;
      const { files, manifest } = ordinaryPlugin(id);
      folders[id] = await writePlugin(made.root, id, files, manifest);
    }
    // One foreign plugin already brings the module hooks and the watch of the event loop.
    const one = Object.fromEntries(Object.entries(folders).slice(0, 1));
    const configs = { none: {}, one: enabling(one), all: enabling(folders), again: {} };
    const samples = { none: [], one: [], all: [], again: [] };
    await sample(configs.all);
    for (let round = 0; round < ROUNDS; round++)
      for (const key of rotated(Object.keys(configs), round)) samples[key].push(await sample(configs[key]));
    const of = (key, field) => median(samples[key].map((figures) => figures[field]));
    const each = (what, field, unit, maxValue) => ({
      what,
      ours: (of("all", field) - of("none", field)) / PLUGINS,
      unit,
      aa: (of("again", field) - of("none", field)) / PLUGINS,
      ...(maxValue === undefined ? {} : { budget: { maxValue } }),
    });
    const first = (what, field, unit) => ({
      what,
      ours: of("one", field),
      floor: of("none", field),
      unit,
      difference: of("one", field) - of("none", field),
      aa: of("again", field) - of("none", field),
    });
    return [
      each(`each of ${PLUGINS} enabled plugins: wall to /readyz`, "wall", "ms", 15),
      each(`each of ${PLUGINS} enabled plugins: CPU to /readyz`, "cpu", "ms", 15),
      each(`each of ${PLUGINS} enabled plugins: memory at rest`, "rss", "MB", 2),
      first("the first plugin of others: CPU to /readyz", "cpu", "ms"),
      first("the first plugin of others: memory at rest", "rss", "MB"),
    ];
  } finally {
    await made.dispose();
  }
}
