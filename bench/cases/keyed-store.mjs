// A plugin's keyed-store lookup, next to a prepared get and JSON.parse behind one hop to a worker.
import { join } from "node:path";
import { root, startGateway, TOKEN } from "../support/gateway.mjs";
import { Program } from "../support/process.mjs";
import { call, openOperator } from "../support/raw-client.mjs";
import { median, medianRatio, rotated } from "../support/statistics.mjs";

const ROUNDS = 11;
const GETS = 4_000;
const ENTRIES = 500;

export const name = "keyed-store";

async function floor() {
  const program = new Program([join(root, "bench/floors/keyed-get.mjs"), "1", String(GETS), String(ENTRIES)]);
  const [result] = JSON.parse(await program.line(/result (\[.*\])/, 60_000));
  await program.stop();
  return result;
}

export async function run() {
  const gateway = await startGateway({
    plugins: { load: { paths: [join(root, "bench/plugin")] }, entries: { bench: { enabled: true } } },
  });
  const samples = { ours: [], floor: [], again: [] };
  try {
    const client = await openOperator(gateway.port, TOKEN);
    const subjects = {
      ours: async () => {
        const params = { rounds: 1, gets: GETS, entries: ENTRIES };
        return (await call(client, "bench.keyed", params)).results[0];
      },
      floor,
      again: floor,
    };
    await subjects.ours();
    for (let round = 0; round < ROUNDS; round++) {
      for (const subject of rotated(Object.keys(subjects), round))
        samples[subject].push(await subjects[subject]());
    }
    return [
      {
        what: "keyed-store get ÷ prepared get + JSON.parse + one worker hop",
        ours: median(samples.ours),
        floor: median(samples.floor),
        unit: "µs",
        ratio: medianRatio(samples.ours, samples.floor),
        aa: medianRatio(samples.again, samples.floor),
        budget: { max: 1.3 },
      },
    ];
  } finally {
    await gateway.dispose();
  }
}
