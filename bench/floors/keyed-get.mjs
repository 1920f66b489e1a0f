// A prepared get and JSON.parse behind one hop to a worker thread, one after the other; prints µs per get.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";

const [rounds, gets, entries] = process.argv.slice(2).map(Number);
const folder = mkdtempSync(join(tmpdir(), "sluice-bench-"));
const worker = new Worker(new URL("./keyed-get-worker.mjs", import.meta.url), {
  workerData: { file: join(folder, "floor.sqlite"), entries },
});
await new Promise((resolve) => worker.once("message", resolve));

const waiting = new Map();
worker.on("message", ({ id, value }) => {
  const resolve = waiting.get(id);
  waiting.delete(id);
  resolve(JSON.parse(value));
});
let counter = 0;
const get = (key) =>
  new Promise((resolve) => {
    const id = ++counter;
    waiting.set(id, resolve);
    worker.postMessage({ id, key });
  });

const results = [];
for (let round = 0; round <= rounds; round++) {
  const started = performance.now();
  for (let index = 0; index < gets; index++) await get(`key-${index % entries}`);
  // The first round warms up.
  if (round > 0) results.push(((performance.now() - started) * 1_000) / gets);
}
console.log(`result ${JSON.stringify(results)}`);
await worker.terminate();
rmSync(folder, { recursive: true, force: true });
