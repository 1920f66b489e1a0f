import { dirname, join } from "node:path";
import { beforeAll } from "vitest";
import { openDatabase } from "../../../src/store/engine/index.ts";
import { buildSampleWorker } from "../support/build-worker.ts";
import type { SampleProcedures } from "../support/sample-definition.ts";
import { engineContract, type SampleVariant } from "./engine-contract.ts";

const first = "sampleDefinition.migrations[0]";
const variants: Record<SampleVariant, string> = {
  sample: "{}",
  grown: `{ migrations: [${first}, { version: 2, name: "more", sql: "CREATE TABLE more (a TEXT);" }] }`,
  changed: `{ migrations: [{ ...${first}, sql: ${first}.sql + "CREATE TABLE sneaked (a TEXT);" }] }`,
  foreign: `{ name: "foreign" }`,
  failing: `{ migrations: [${first}, { version: 2, name: "bad", sql: "CREATE TABLE half (a TEXT);\\nCREATE NONSENSE;" }] }`,
  gap: `{ migrations: [${first}, { version: 3, name: "gap", sql: "CREATE TABLE gap (a TEXT);" }] }`,
};
const workers = {} as Record<SampleVariant, string>;

beforeAll(async () => {
  for (const [variant, overrides] of Object.entries(variants)) {
    workers[variant as SampleVariant] = await buildSampleWorker(`contract-${variant}`, overrides);
  }
});

engineContract("SQLite", {
  open: (place, { variant = "sample", ...options } = {}) =>
    openDatabase<SampleProcedures>({
      file: join(place, "sample.db"),
      workerFile: workers[variant],
      ...options,
    }),
  openBackup: (file) =>
    openDatabase<SampleProcedures>({ file: join(dirname(file), "backup.db"), workerFile: workers.sample }),
});
