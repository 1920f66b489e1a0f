// `sluice --version` and `--help` next to `node -e 0`.
import { join } from "node:path";
import { root } from "../support/gateway.mjs";
import { timeToEnd } from "../support/process.mjs";
import { median, medianRatio, rotated } from "../support/statistics.mjs";

const ROUNDS = 15;
const launcher = join(root, "bin/sluice.cjs");
const VARIANTS = {
  floor: ["-e", "0"],
  again: ["-e", "0"],
  version: [launcher, "--version"],
  help: [launcher, "--help"],
};

export const name = "command-line";

export async function run() {
  const cpu = Object.fromEntries(Object.keys(VARIANTS).map((key) => [key, []]));
  const wall = Object.fromEntries(Object.keys(VARIANTS).map((key) => [key, []]));
  timeToEnd(VARIANTS.help);
  for (let round = 0; round < ROUNDS; round++) {
    for (const key of rotated(Object.keys(VARIANTS), round)) {
      const sample = timeToEnd(VARIANTS[key]);
      cpu[key].push(sample.cpu);
      wall[key].push(sample.wall);
    }
  }
  return ["version", "help"].map((key) => ({
    what: `sluice --${key}: CPU ÷ node -e 0`,
    ours: median(cpu[key]),
    floor: median(cpu.floor),
    unit: "ms",
    ratio: medianRatio(cpu[key], cpu.floor),
    aa: medianRatio(cpu.again, cpu.floor),
    budget: { max: 1.5 },
  }));
}
