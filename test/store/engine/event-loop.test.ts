import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { packageRoot } from "../../../src/kernel/package-root.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { buildScript } from "../support/build-worker.ts";

const run = promisify(execFile);

it("never loads the SQLite driver on the event loop of a process that uses the store", async () => {
  const script = await buildScript(
    "event-loop",
    `import { openStore } from "../../../src/store/index.ts";
     void (async () => {
       const [folder, workerFile] = process.argv.slice(2);
       const store = await openStore({ folder, workerFile });
       await store.call.eventLog.open({ epoch: "e" });
       store.callSync.eventLog.open({ epoch: "e" });
       await store.backup(folder + "/copy.db");
       await store.dispose();
       const loaded = [...Object.keys(require.cache), ...process.report.getReport().sharedObjects];
       console.log(JSON.stringify(loaded.filter((name) => /sqlite/i.test(name))));
     })();`,
  );
  const workerFile = join(packageRoot(), "dist/workers/store.cjs");
  const { stdout } = await run(process.execPath, [script, await temporaryFolder(), workerFile]);
  const loaded = JSON.parse(stdout) as string[];
  // The shared object is mapped into the process by the worker; the module is not in this thread's cache.
  expect(loaded.filter((name) => /better-sqlite3[\\/]lib/.test(name))).toEqual([]);
});

it("has a floor rule that keeps the driver in the worker", async () => {
  const rules = await readFile(join(packageRoot(), ".dependency-cruiser.cjs"), "utf8");
  expect(rules).toContain("driver-only-in-the-store-worker");
  const { stdout } = await run(process.execPath, [
    join(packageRoot(), "node_modules/dependency-cruiser/bin/dependency-cruise.mjs"),
    "--config",
    join(packageRoot(), ".dependency-cruiser.cjs"),
    "--output-type",
    "err",
    join(packageRoot(), "src/store"),
  ]);
  expect(stdout).not.toContain("driver-only-in-the-store-worker");
});

it("does not require the driver in the built gateway", async () => {
  const gateway = await readFile(join(packageRoot(), "dist/gateway.cjs"), "utf8");
  expect(gateway).not.toMatch(/require\(["']better-sqlite3/);
});
