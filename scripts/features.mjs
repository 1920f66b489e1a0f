// `npm run features`: which features of the plugin contract have a passing test.
//   npm run -s features              a table by priority
//   npm run -s features -- --json    {"proven": ["F001", …], "missing": […]}
// A test proves the features whose ids stand in its title in brackets, for example "[F095] …". A feature
// with a failing test is not proven. The last test run is used when nothing changed since.
import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { readResults, resultsAreFresh, runAllTests } from "./support/test-results.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");

/** All features as `{ id, priority }`. */
export function featureList() {
  return readFileSync(join(root, "test/feature-ids.txt"), "utf8")
    .split("\n")
    .filter((line) => /^F\d{3} /.test(line))
    .map((line) => ({ id: line.slice(0, 4), priority: line.slice(5).trim() }));
}

/** Ids in the brackets of a title: `[F095] …`, `[F095, F096] …`. */
export function featuresOf(title) {
  return [...title.matchAll(/\[(F\d{3}(?:[\s,]+F\d{3})*)\]/g)].flatMap((match) => match[1].split(/[\s,]+/));
}

/** Splits the features by what the tests showed. */
export function proveFeatures(features, tests) {
  const passed = new Set();
  const failed = new Set();
  for (const { title, status } of tests) {
    if (status !== "passed" && status !== "failed") continue;
    for (const id of featuresOf(title)) (status === "passed" ? passed : failed).add(id);
  }
  const proven = features.filter(({ id }) => passed.has(id) && !failed.has(id)).map(({ id }) => id);
  return { proven, missing: features.map(({ id }) => id).filter((id) => !proven.includes(id)) };
}

async function main() {
  if (!resultsAreFresh(root)) await runAllTests(root, { quiet: true });
  const results = readResults(root);
  if (!results) throw new Error("the test runner wrote no report; run npm test to see why");
  const features = featureList();
  const report = proveFeatures(features, results.tests);
  if (process.argv.includes("--json")) {
    console.log(JSON.stringify(report));
    return;
  }
  for (const priority of ["P0", "P1", "P2"]) {
    const ids = features.filter((feature) => feature.priority === priority).map(({ id }) => id);
    const proven = ids.filter((id) => report.proven.includes(id));
    console.log(`${priority}: ${proven.length} of ${ids.length} proven`);
  }
  console.log(`missing: ${report.missing.join(" ") || "none"}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main().catch((error) => {
    console.error(`features: ${error.message}`);
    process.exitCode = 1;
  });
}
