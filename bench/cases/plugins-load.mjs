// Loading a published channel plugin, next to the same package on an SDK that does nothing.
import { existsSync } from "node:fs";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { writeEmptySdk } from "../plugins/empty-sdk.mjs";
import { publishedPackage } from "../plugins/published.mjs";
import { root } from "../support/gateway.mjs";
import { Program } from "../support/process.mjs";
import { median, rotated } from "../support/statistics.mjs";

const ROUNDS = 9;
const PACKAGE = "@openclaw/irc";
const ID = "irc";

export const name = "plugins-load";

async function sample(program, sdk, folder) {
  const child = new Program(["--expose-gc", program, sdk, folder, ID]);
  const figures = JSON.parse(await child.line(/(\{.*\})/));
  if (figures.status !== "loaded" || !figures.imported)
    throw new Error(`${PACKAGE} did not load: ${JSON.stringify(figures)}`);
  await child.stop();
  return figures;
}

export async function run() {
  const folder = await publishedPackage(PACKAGE);
  const work = await mkdtemp(join(root, "node_modules/.bench-plugins-"));
  try {
    const program = join(work, "load.mjs");
    await build({
      absWorkingDir: root,
      entryPoints: ["bench/plugins/load.entry.ts"],
      outfile: program,
      bundle: true,
      platform: "node",
      format: "esm",
      target: "node20.19",
      external: ["better-sqlite3", "jiti"],
      banner: {
        js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
      },
      logLevel: "silent",
    });
    // The program finds its threads beside itself.
    await cp(join(root, "dist/workers"), join(work, "workers"), { recursive: true });
    const sdks = { ours: join(root, "dist/plugin-sdk"), floor: join(work, "sdk") };
    sdks.again = sdks.floor;
    if (!existsSync(join(sdks.ours, "channel-core.js"))) throw new Error("run npm run build first");
    await writeEmptySdk(folder, sdks.floor);
    const samples = { ours: [], floor: [], again: [] };
    for (let round = -1; round < ROUNDS; round++)
      for (const key of rotated(Object.keys(samples), round + 1)) {
        const figures = await sample(program, sdks[key], folder);
        // The first round warms the disk's cache.
        if (round >= 0) samples[key].push(figures);
      }
    const of = (key, field) => median(samples[key].map((figures) => figures[field]));
    const row = (what, field, unit, maxDifference) => ({
      what,
      ours: of("ours", field),
      floor: of("floor", field),
      unit,
      difference: of("ours", field) - of("floor", field),
      aa: of("again", field) - of("floor", field),
      ...(maxDifference === undefined ? {} : { budget: { maxDifference } }),
    });
    return [
      row(`load ${PACKAGE}: CPU over its own code`, "cpu", "ms", 150),
      row(`load ${PACKAGE}: wall over its own code`, "wall", "ms", 150),
      row(`load ${PACKAGE}: memory over its own code`, "loaded", "MB", 25),
      row(`load ${PACKAGE}: memory over its own code, after collection`, "collected", "MB", 25),
    ];
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
