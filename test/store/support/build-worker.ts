import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const support = dirname(fileURLToPath(import.meta.url));
const root = join(support, "../../..");
/** Below the repository, so that what is built finds the driver. */
const output = join(root, "dist", "test");

/** Bundles a script made of `lines`, which may import from this folder, and returns the built file. */
export async function buildScript(name: string, lines: string): Promise<string> {
  const file = join(output, `${name}.cjs`);
  const result = await build({
    stdin: { contents: lines, resolveDir: support, loader: "ts" },
    bundle: true,
    platform: "node",
    target: "node20.19",
    format: "cjs",
    external: ["better-sqlite3"],
    write: false,
    define: { "import.meta.url": "__importMetaUrl" },
    banner: { js: 'const __importMetaUrl = require("node:url").pathToFileURL(__filename).href;' },
  });
  await mkdir(output, { recursive: true });
  const temporary = `${file}.${process.pid}.tmp`;
  await writeFile(temporary, result.outputFiles[0]?.contents ?? "");
  await rename(temporary, file);
  return file;
}

/** A worker that serves the sample database with these migrations added (or in place of the first). */
export function buildSampleWorker(name: string, overrides = "{}"): Promise<string> {
  return buildScript(
    name,
    `import { serveDatabase } from "../../../src/store/engine/worker-host.ts";
     import { sampleDefinition } from "./sample-definition.ts";
     const overrides = ${overrides};
     serveDatabase({ ...sampleDefinition, ...overrides });`,
  );
}
