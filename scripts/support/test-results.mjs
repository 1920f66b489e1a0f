// The result file of vitest: where it lies, how it is made, what it says.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { modifiedAt, newestBelow } from "./freshness.mjs";
import { run } from "./run.mjs";

const SOURCES = ["src", "extensions", "ui", "test", "vitest.config.ts", "package-lock.json"];

export function resultFile(root) {
  return join(root, "test/.tmp/results.json");
}

/** True when the last complete run saw the sources as they are now. */
export function resultsAreFresh(root) {
  return modifiedAt(resultFile(root)) > newestBelow(SOURCES.map((path) => join(root, path)));
}

/**
 * Runs every test and writes the result file.
 *
 * @param quiet no report on the terminal
 * @returns `{ status, seconds }`
 */
export function runAllTests(root, { quiet = false, timeoutMs } = {}) {
  const reporters = quiet ? ["--reporter=json"] : ["--reporter=default", "--reporter=json"];
  return run(
    process.execPath,
    [
      join(root, "node_modules/vitest/vitest.mjs"),
      "run",
      ...reporters,
      `--outputFile.json=${resultFile(root)}`,
    ],
    { cwd: root, timeoutMs, collect: quiet, label: quiet ? "testing" : undefined },
  );
}

/** Counts and single tests: `{ passed, failed, skipped, tests: [{ title, status }] }`; undefined without a file. */
export function readResults(root) {
  let report;
  try {
    report = JSON.parse(readFileSync(resultFile(root), "utf8"));
  } catch {
    return undefined;
  }
  const tests = report.testResults.flatMap((file) =>
    file.assertionResults.map(({ fullName, status }) => ({ title: fullName, status, file: file.name })),
  );
  const count = (...wanted) => tests.filter(({ status }) => wanted.includes(status)).length;
  // A file that could not be loaded has no tests to fail; it counts as one.
  const broken = report.testResults.filter(
    (file) => file.status === "failed" && !file.assertionResults.some(({ status }) => status === "failed"),
  );
  return {
    passed: count("passed"),
    failed: count("failed") + broken.length,
    skipped: count("skipped", "pending", "todo", "disabled"),
    tests,
  };
}
