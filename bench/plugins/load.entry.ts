// One process that loads one plugin through the host: `node load.entry.mjs <SDK folder> <plugin folder> <id>`.
// It prints what that took, as JSON, and ends.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../src/kernel/clock.ts";
import { silentLogger } from "../../src/kernel/logger.ts";
import { createPluginHost } from "../../src/plugins/host.ts";
import { offlineRuntime } from "../../src/plugins/loading/offline-runtime.ts";

const [sdkFolder, folder, id] = process.argv.slice(2) as [string, string, string];
const stateDir = mkdtempSync(join(tmpdir(), "sluice-bench-load-"));
const collect = (globalThis as { gc?: () => void }).gc ?? (() => {});

function hostOf(paths: string[]) {
  // The channel is configured, otherwise its plugin would wait for that.
  const channels = { [id]: { enabled: true, host: "127.0.0.1", nick: "bench" } };
  const config = {
    channels,
    plugins: { load: { paths }, entries: { [id]: { enabled: true } }, allow: [id] },
  };
  return createPluginHost({
    config: { current: () => ({ config, source: config }), onChange: () => ({ dispose() {} }) },
    roots: {},
    sdkFolder,
    stateDir,
    logger: silentLogger,
    clock: systemClock,
    runtimeFor: () => offlineRuntime({ config: () => config, stateDir }),
  });
}

const megabytes = () => process.memoryUsage.rss() / 1024 / 1024;

// A host without plugins has run everything once that is not about this plugin.
const empty = hostOf([]);
await empty.start();
collect();
const before = { rss: megabytes(), cpu: process.cpuUsage(), wall: performance.now() };
const host = hostOf([folder]);
await host.start();
await host.activateRest();
const wall = performance.now() - before.wall;
const { user, system } = process.cpuUsage(before.cpu);
const loaded = megabytes() - before.rss;
collect();
const collected = megabytes() - before.rss;
const [record] = host.records();
console.log(
  JSON.stringify({
    wall,
    cpu: (user + system) / 1_000,
    loaded,
    collected,
    status: record?.status,
    imported: record?.imported,
    error: record?.error,
  }),
);
rmSync(stateDir, { recursive: true, force: true });
process.exit(0);
