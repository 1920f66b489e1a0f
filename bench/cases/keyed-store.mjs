// A plugin's keyed-store lookup, next to a prepared get and JSON.parse behind one hop to a worker.
import { join } from "node:path";
import { root, startGateway, TOKEN } from "../support/gateway.mjs";
import { Program } from "../support/process.mjs";
import { call, openOperator } from "../support/raw-client.mjs";
import { median, medianRatio } from "../support/statistics.mjs";

const ROUNDS = 7;
const GETS = 4_000;
const ENTRIES = 500;

export const name = "keyed-store";

async function floor() {
  const program = new Program([
    join(root, "bench/floors/keyed-get.mjs"),
    String(ROUNDS),
    String(GETS),
    String(ENTRIES),
  ]);
  const results = JSON.parse(await program.line(/result (\[.*\])/, 60_000));
  await program.stop();
  return results;
}

export async function run() {
  const first = await floor();
  const gateway = await startGateway({
    plugins: { load: { paths: [join(root, "bench/plugin")] }, entries: { bench: { enabled: true } } },
  });
  try {
    const client = await openOperator(gateway.port, TOKEN);
    const { results } = await call(client, "bench.keyed", { rounds: ROUNDS, gets: GETS, entries: ENTRIES });
    const second = await floor();
    return [
      {
        what: "keyed-store get ÷ prepared get + JSON.parse + one worker hop",
        ours: median(results),
        floor: median(first),
        unit: "µs",
        ratio: medianRatio(results, first),
        aa: medianRatio(second, first),
        budget: { max: 1.3 },
      },
    ];
  } finally {
    await gateway.dispose();
  }
}
