// A gateway under load, before and while plugins that misbehave are loaded and reloaded.
import { enabling, pluginFolders, writePlugin } from "../plugins/folders.mjs";
import { ZOO } from "../plugins/hostile-zoo.mjs";
import { startGateway, TOKEN } from "../support/gateway.mjs";
import { call, openOperator, request } from "../support/raw-client.mjs";
import { median, percentile, sleep } from "../support/statistics.mjs";

/**
 * What the connections ask for by turns: one that reads the store, as clients do, and the cheapest of all, whose
 * slowest answers tell of every pause of a millisecond.
 */
const METHODS = { work: "sessions.list", idle: "gateway.identity.get" };
const CONNECTIONS = 8;
/** Requests of one connection come this far apart: a bounded load that leaves the server room. */
const EVERY_MS = 4;
const WARM_UP_MS = 1_000;
const WINDOW_MS = 4_000;
/**
 * One of them imports for ever, and is given up after 15 s. The window before is as long: other work on the machine
 * comes in bursts, and a longer window would have more of them among its slowest answers.
 */
const BEFORE_MS = 16_000;
const CONTAINED_LIMIT_MS = 30_000;
/** Seldom: the question costs the gateway as much as a hundred of the answers that are measured. */
const ASK_EVERY_MS = 1_000;
const ROUNDS = 3;

export const name = "plugins-hostile";

/** Round trips of one connection until `running` ends, in microseconds. */
async function roundTrips(client, method, running) {
  const one = request(method, {}, "1:bench");
  const times = [];
  client.counting = true;
  while (running.on) {
    const started = performance.now();
    await new Promise((resolve) => {
      client.onCount = resolve;
      client.write(one);
    });
    times.push((performance.now() - started) * 1_000);
    await sleep(EVERY_MS);
  }
  client.counting = false;
  return times;
}

async function underLoad(clients, work) {
  const running = { on: true };
  const kinds = Object.keys(METHODS);
  const kindOf = (index) => kinds[index % kinds.length];
  const measuring = Promise.all(
    clients.map((client, index) => roundTrips(client, METHODS[kindOf(index)], running)),
  );
  const done = await work();
  running.on = false;
  const all = await measuring;
  const times = Object.fromEntries(
    kinds.map((kind) => [kind, all.filter((_, index) => kindOf(index) === kind).flat()]),
  );
  return { times, done };
}

/** These are waited for, so that reloading them would fill the window with waiting. */
const NOT_RELOADED = ["service-never-starts", "never-imports"];
const RELOAD_EVERY_MS = 100;
/** Plugins whose manifest does not even tell their id. */
const UNKNOWABLE = 2;

async function reloading(control, all) {
  const ids = all.filter((id) => !NOT_RELOADED.includes(id));
  const end = performance.now() + WINDOW_MS;
  let loads = 0;
  while (performance.now() < end) {
    for (const id of ids) {
      const refusal = await call(control, "plugins.reload", { pluginIds: [id] }).then(() => "", String);
      // An operator may reload so often a minute; what is refused at the door is no reload.
      if (/rate/i.test(refusal)) return loads;
      loads++;
      await sleep(RELOAD_EVERY_MS);
    }
  }
  return loads;
}

/** Resolves when each of them runs or was refused. */
async function untilContained(control) {
  const end = performance.now() + CONTAINED_LIMIT_MS;
  while (performance.now() < end) {
    const { plugins } = await call(control, "plugins.list", {});
    const last = plugins.find(({ id }) => id === "never-imports");
    if (last?.status === "error") return;
    await sleep(ASK_EVERY_MS);
  }
  throw new Error(`the hostile plugins were not contained within ${CONTAINED_LIMIT_MS} ms`);
}

/** One gateway that never saw any of these plugins: before, while they are loaded, while they are reloaded. */
async function round(folders) {
  const gateway = await startGateway();
  try {
    const clients = [];
    for (let index = 0; index < CONNECTIONS; index++) clients.push(await openOperator(gateway.port, TOKEN));
    const control = await openOperator(gateway.port, TOKEN);
    await underLoad(clients, () => sleep(WARM_UP_MS));
    const before = await underLoad(clients, () => sleep(BEFORE_MS));
    const { hash } = await call(control, "config.get", {});
    const raw = JSON.stringify(enabling(folders));
    const loading = await underLoad(clients, async () => {
      await call(control, "config.patch", { raw, baseHash: hash });
      await untilContained(control);
    });
    const again = await underLoad(clients, () => reloading(control, Object.keys(folders)));
    const records = (await call(control, "plugins.list", {})).plugins;
    const known = records.filter(({ id }) => id in ZOO).length;
    if (known < Object.keys(ZOO).length - UNKNOWABLE)
      throw new Error(`only ${known} hostile plugins were found`);
    return { before: before.times, loading: loading.times, again: again.times, loads: again.done };
  } finally {
    await gateway.dispose();
  }
}

export async function run() {
  const made = await pluginFolders();
  try {
    const folders = {};
    for (const [id, { code, manifest, text, package: metadata }] of Object.entries(ZOO)) {
      folders[id] = await writePlugin(
        made.root,
        id,
        {
          "index.js": code,
          "package.json": JSON.stringify(metadata ?? { name: id, version: "1.0.0", type: "module" }),
          ...(text ? { "openclaw.plugin.json": text } : {}),
        },
        manifest,
      );
    }
    const rounds = [];
    for (let index = 0; index < ROUNDS; index++) rounds.push(await round(folders));
    const p99 = (of) => median(rounds.map((times) => percentile(of(times), 0.99)));
    const row = (kind, what, of, max) => {
      const before = (round) => round.before[kind];
      const [ours, floor] = [p99((round) => of(round)[kind]), p99(before)];
      return {
        what: `p99 of ${METHODS[kind]} ${what} ÷ before`,
        ours,
        floor,
        unit: "µs",
        ratio: ours / floor,
        aa: percentile(before(rounds.at(-1)), 0.99) / percentile(before(rounds[0]), 0.99),
        ...(max === undefined ? {} : { budget: { max } }),
      };
    };
    const worst = (what, of) => {
      const floor = p99(({ before }) => before.work);
      const ours = Math.max(...rounds.flatMap((round) => of(round).work));
      return { what: `worst answer ${what} ÷ p99 before`, ours, floor, unit: "µs", ratio: ours / floor };
    };
    const loads = rounds.reduce((sum, { loads: count }) => sum + count, 0);
    const contained = `until ${Object.keys(ZOO).length} hostile plugins are refused or contained`;
    const reloaded = `while they are reloaded ${loads} times without pause`;
    const loading = (round) => round.loading;
    const again = (round) => round.again;
    return [
      row("work", contained, loading, 2),
      row("idle", contained, loading),
      row("work", reloaded, again),
      worst(contained, loading),
      worst(reloaded, again),
    ];
  } finally {
    await made.dispose();
  }
}
