// `npm test`: every check of this repository. The last line is the sum, alone, for machines:
//   123 passed, 0 failed
// Each check (lint, types, floors, unused code, documents) counts as one, like a test.
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "./support/run.mjs";
import { ensurePrograms } from "./support/system-programs.mjs";
import { readResults, resultFile, runAllTests } from "./support/test-results.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
/** Three times what two free cores need; a run that hangs must still end in a report. */
const TESTS_LIMIT_MS = 900_000;
const CHECK_LIMIT_MS = 120_000;

const script = (path, ...args) => [process.execPath, [join(root, path), ...args]];
const bin = (path, ...args) => script(`node_modules/${path}`, ...args);

const checks = [
  ["lint", ...bin("@biomejs/biome/bin/biome", "check", ".")],
  ["types", ...bin("typescript7/bin/tsc", "--noEmit", "-p", "tsconfig.json")],
  [
    "floors",
    ...bin(
      "dependency-cruiser/bin/dependency-cruise.mjs",
      "--config",
      ".dependency-cruiser.cjs",
      "src",
      "extensions",
    ),
  ],
  ["unused code", ...bin("knip/bin/knip.js")],
  ["documents", ...script("scripts/docs.mjs", "--check")],
];

async function runCheck([name, command, args]) {
  if (!existsSync(args[0])) return { name, skipped: true };
  const { status, output, seconds } = await run(command, args, {
    cwd: root,
    collect: true,
    timeoutMs: CHECK_LIMIT_MS,
  });
  console.log(`${status === 0 ? "ok  " : "FAIL"}  ${name.padEnd(18)} ${seconds.toFixed(1)} s`);
  if (status !== 0) console.log(output.trimEnd());
  return { name, failed: status !== 0 };
}

/** Two at a time: most machines that run this have two cores. */
async function runChecks() {
  const waiting = [...checks];
  const done = [];
  const worker = async () => {
    for (let check = waiting.shift(); check; check = waiting.shift()) done.push(await runCheck(check));
  };
  await Promise.all([worker(), worker()]);
  return done;
}

await ensurePrograms((text) => console.log(text));
const results = await runChecks();
await rm(resultFile(root), { force: true });
const { status } = await runAllTests(root, { timeoutMs: TESTS_LIMIT_MS });
const tests = readResults(root);

const passed = results.filter((check) => !check.failed && !check.skipped).length + (tests?.passed ?? 0);
let failed = results.filter((check) => check.failed).length + (tests?.failed ?? 0);
const skipped = results.filter((check) => check.skipped).length + (tests?.skipped ?? 0);
// No report, or a runner that failed although every test passed (an error between tests): say so.
if (!tests || (status !== 0 && tests.failed === 0)) {
  console.log(tests ? "the test runner failed outside a test" : "the test runner wrote no report");
  failed += 1;
}
if (passed === 0) failed += 1;
const failures = results.filter((check) => check.failed).map((check) => check.name);
for (const test of tests?.tests ?? []) if (test.status === "failed") failures.push(test.title);
for (const name of failures) console.log(`failed: ${name}`);
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exitCode = failed === 0 ? 0 : 1;
