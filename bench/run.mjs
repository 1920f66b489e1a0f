// `npm run bench`: the budgets of the architecture page, each next to a floor program in the same run.
//   npm run bench                        everything, a few minutes
//   npm run bench -- --only rpc,start    some cases
// A table goes to stdout, the figures to bench/results/<time>.json and bench/results/latest.json.
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { root } from "./support/gateway.mjs";
import { pinLoad } from "./support/process.mjs";

const results = join(root, "bench/results");

async function cases() {
  const files = (await readdir(join(root, "bench/cases"))).filter((file) => file.endsWith(".mjs")).sort();
  const all = await Promise.all(files.map((file) => import(`./cases/${file}`)));
  const only = process.argv.includes("--only")
    ? process.argv[process.argv.indexOf("--only") + 1]?.split(",")
    : undefined;
  const chosen = only ? all.filter(({ name }) => only.includes(name)) : all;
  if (chosen.length === 0)
    throw new Error(`no such case; there are ${all.map(({ name }) => name).join(", ")}`);
  return chosen;
}

/** `ok`, `over`, or nothing without a budget. */
function verdict({ budget, ratio, difference, ours }) {
  if (!budget) return "";
  const checks = [
    budget.max === undefined || ratio <= budget.max,
    budget.min === undefined || ratio >= budget.min,
    budget.maxDifference === undefined || difference <= budget.maxDifference,
    budget.maxValue === undefined || ours <= budget.maxValue,
    budget.minValue === undefined || ours >= budget.minValue,
  ];
  return checks.every(Boolean) ? "ok" : "OVER";
}

function budgetText({ budget, unit }) {
  if (!budget) return "";
  if (budget.max !== undefined) return `≤ ${budget.max}`;
  if (budget.min !== undefined) return `≥ ${budget.min}`;
  if (budget.maxDifference !== undefined) return `≤ +${budget.maxDifference} ${unit}`;
  if (budget.maxValue !== undefined) return `≤ ${budget.maxValue} ${unit}`;
  return `≥ ${budget.minValue} ${unit}`;
}

function number(value) {
  if (value === undefined) return "";
  if (Math.abs(value) >= 1_000) return Math.round(value).toLocaleString("en");
  return value.toPrecision(3);
}

function print(rows) {
  const table = rows.map((row) => [
    row.what,
    row.error ? "failed" : `${number(row.ours)} ${row.unit}`,
    row.floor === undefined ? "" : `${number(row.floor)} ${row.unit}`,
    row.ratio === undefined
      ? row.difference === undefined
        ? ""
        : `+${number(row.difference)}`
      : number(row.ratio),
    number(row.aa),
    budgetText(row),
    row.error ? "FAILED" : verdict(row),
  ]);
  const head = ["what", "gateway", "floor", "ratio", "A/A", "budget", ""];
  const widths = head.map((_, column) => Math.max(...[head, ...table].map((row) => row[column].length)));
  for (const row of [head, ...table])
    console.log(
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])))
        .join("  "),
    );
}

const pinned = pinLoad();
if (!pinned) console.error("bench: server and load share their cores here; ratios are rougher");
const rows = [];
const started = Date.now();
for (const { name, run } of await cases()) {
  const begun = Date.now();
  console.error(`bench: ${name}…`);
  try {
    rows.push(...(await run()).map((row) => ({ case: name, ...row })));
  } catch (error) {
    console.error(`bench: ${name} failed: ${error.stack ?? error}`);
    rows.push({ case: name, what: name, error: String(error.message ?? error) });
  }
  console.error(`bench: ${name} took ${Math.round((Date.now() - begun) / 1_000)} s`);
}
print(rows);
const report = {
  at: new Date(started).toISOString(),
  node: process.version,
  cores: cpus().length,
  processor: cpus()[0]?.model,
  pinned,
  // Part of every start of Node 20, and so of the ratio of `start`.
  extraCaCerts: Boolean(process.env.NODE_EXTRA_CA_CERTS),
  load: loadavg(),
  rows: rows.map((row) => ({ ...row, verdict: row.error ? "FAILED" : verdict(row) })),
};
await mkdir(results, { recursive: true });
const text = `${JSON.stringify(report, null, 2)}\n`;
await writeFile(join(results, `${report.at.replaceAll(/[:.]/g, "-")}.json`), text);
await writeFile(join(results, "latest.json"), text);
process.exitCode = rows.some((row) => row.error) ? 1 : 0;
process.exit();
