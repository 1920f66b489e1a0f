// How references are best kept: `node bench/capture/layout.mjs [--keys 0,1000000,5000000]`.
import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { root } from "../support/gateway.mjs";

const at = process.argv.indexOf("--keys");
const sizes = at < 0 ? [0, 1_000_000, 5_000_000] : process.argv[at + 1].split(",").map(Number);
const folder = await mkdtemp(join(root, "node_modules/.layout-"));
const data = await mkdtemp(join(tmpdir(), "sluice-layout-"));
const worker = join(root, "dist/extensions/capture-ingest/capture.worker.cjs");
try {
  await build({
    absWorkingDir: root,
    entryPoints: ["bench/capture/preload.entry.ts", "bench/capture/layout.entry.ts"],
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20.19",
    external: ["better-sqlite3"],
    logLevel: "silent",
  });
  for (const size of sizes) {
    const state = join(data, String(size));
    const options = { encoding: "utf8", stdio: ["ignore", "inherit", "inherit"] };
    const started = performance.now();
    spawnSync(process.execPath, [join(folder, "preload.entry.mjs"), state, String(size), worker], options);
    console.log(`${size / 1e6} M, ours: written in ${((performance.now() - started) / 1_000).toFixed(1)} s`);
    spawnSync(process.execPath, [join(folder, "layout.entry.mjs"), state, String(size), worker], options);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
  await rm(data, { recursive: true, force: true });
}
