import { mkdir, readdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { SDK_BRANDS } from "../brands.ts";
import { runProcess } from "../install/child-process.ts";
import type { BenchOptions } from "./bench.ts";
import type { CheckFindings } from "./check.ts";

/** Longest run of an author's own tests. */
export const OWN_TESTS_TIMEOUT_MS = 120_000;
const MAX_OUTPUT_BYTES = 4_000_000;
const SHOWN_OUTPUT = 4_000;
const TEST_NAME = /\.test\.[mc]?js$/;

/**
 * Runs the author's `test/*.test.mjs` with Node's own runner. SDK names resolve to this host, TypeScript
 * entries load as they do in the gateway; nothing has to be installed.
 */
export async function runOwnTests(options: BenchOptions): Promise<CheckFindings> {
  const folder = join(options.folder, "test");
  const names = await readdir(folder).catch(() => [] as string[]);
  const files = names.filter((name) => TEST_NAME.test(name)).map((name) => join(folder, name));
  if (files.length === 0) return { skipped: "there is no test/*.test.mjs" };
  const preload = await writePreload(options);
  const env = Object.fromEntries(
    ["PATH", "HOME", "TMPDIR", "TEMP", "TMP", "SystemRoot", "LANG"].flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
  const result = await runProcess({
    command: process.execPath,
    args: [
      "--import",
      pathToFileURL(preload).href,
      "--test",
      "--test-force-exit",
      "--test-reporter=spec",
      ...files,
    ],
    cwd: options.folder,
    env: { ...env, NO_COLOR: "1" },
    timeoutMs: OWN_TESTS_TIMEOUT_MS,
    maxOutputBytes: MAX_OUTPUT_BYTES,
    clock: options.clock,
  });
  if (result.status === 0) return {};
  if (result.ended === "timeout")
    return { failures: [`they took longer than ${OWN_TESTS_TIMEOUT_MS / 1_000} s`] };
  const said = `${result.stdout}${result.stderr}`.trim();
  return { failures: [said.slice(-SHOWN_OUTPUT) || `they ended with status ${result.status}`] };
}

/** A module that teaches a plain Node where the SDK is and how to load TypeScript. */
async function writePreload({ sdkFolder, stateDir }: BenchOptions): Promise<string> {
  await mkdir(stateDir, { recursive: true });
  const file = join(stateDir, "preload.mjs");
  const sdk = pathToFileURL(join(sdkFolder, "x")).href.slice(0, -1);
  const jiti = pathToFileURL(join(dirname(createRequire(import.meta.url).resolve("jiti")), "jiti.mjs")).href;
  await writeFile(file, preloadText(sdk, jiti));
  return file;
}

/**
 * The hooks are text: on Node 20 they run in a thread of their own. A TypeScript module becomes a small
 * JavaScript one that asks the main thread for what jiti made of it.
 */
function preloadText(sdk: string, jiti: string): string {
  const rule = `const SDK = /^(?:${SDK_BRANDS.join("|")})\\/plugin-sdk(?:\\/([\\w.-]+))?$/;
const SDK_FOLDER = ${JSON.stringify(sdk)};
const sdkUrl = (specifier) => {
  const match = SDK.exec(specifier);
  return match && SDK_FOLDER + (match[1] ?? "index").replace(/\\.js$/, "") + ".js";
};
`;
  const hooks = `import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
${rule}const NAMED = /^export\\s+(?:async\\s+)?(?:const|let|var|function\\*?|class)\\s+([A-Za-z_$][\\w$]*)/gm;
export function resolve(specifier, context, next) {
  const url = sdkUrl(specifier);
  return url ? { url, format: "module", shortCircuit: true } : next(specifier, context);
}
export function load(url, context, next) {
  if (!/^file:.*\\.[mc]?ts$/.test(url)) return next(url, context);
  const names = [...readFileSync(fileURLToPath(url), "utf8").matchAll(NAMED)].map((match) => match[1]);
  const source = "const found = await globalThis.loadTypeScript(" + JSON.stringify(url) + ");" +
    "export default found.default;" +
    names.map((name) => "export const " + name + " = found." + name + ";").join("");
  return { format: "module", source, shortCircuit: true };
}
`;
  return `import nodeModule from "node:module";
import { fileURLToPath } from "node:url";
import { createJiti } from ${JSON.stringify(jiti)};
${rule}const resolveFilename = nodeModule._resolveFilename;
nodeModule._resolveFilename = function (request, ...rest) {
  const url = sdkUrl(request);
  return url ? fileURLToPath(url) : resolveFilename.call(this, request, ...rest);
};
const jiti = createJiti(import.meta.url, { fsCache: false, interopDefault: false });
globalThis.loadTypeScript = (url) => jiti.import(fileURLToPath(url));
const hooks = "data:text/javascript," + ${JSON.stringify(encodeURIComponent(hooks))};
if (nodeModule.registerHooks) {
  const { resolve, load } = await import(hooks);
  nodeModule.registerHooks({ resolve, load });
} else {
  nodeModule.register(hooks);
}
`;
}
