// Builds everything that runs into dist/. Targets are independent: one that fails does not keep the others
// from being written, and a file whose content did not change is left alone.
//   node scripts/build.mjs              everything
//   node scripts/build.mjs --program    no type declarations (what a start needs)
//   node scripts/build.mjs --quick      no page either (what the tests need)
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdir, readdir, readFile, rename, rm, utimes, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { build as esbuild } from "esbuild";
import {
  completePluginSdk,
  missingDeclarations,
  readHomonyms,
  readInventory,
} from "./support/sdk-inventory.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const dist = join(root, "dist");

const importMetaForCommonJs = {
  define: { "import.meta.url": "__importMetaUrl" },
  banner: { js: 'const __importMetaUrl = require("node:url").pathToFileURL(__filename).href;' },
};

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  target: "node20.19",
  write: false,
  metafile: false,
  logLevel: "silent",
  legalComments: "none",
  minifySyntax: true,
  minifyWhitespace: true,
  external: ["better-sqlite3", "jiti"],
};

function commonJs(entry, outfile) {
  return { ...common, ...importMetaForCommonJs, entryPoints: [entry], format: "cjs", outfile };
}

function esModules(entryPoints, outdir, outbase, extra = {}) {
  return {
    ...common,
    entryPoints,
    format: "esm",
    splitting: true,
    outdir,
    outbase,
    chunkNames: "chunks/[name]-[hash]",
    // Packages that still call require() find Node's.
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
    },
    ...extra,
  };
}

/** Extensions see the SDK as files beside them, so that every plugin shares one instance. */
function sharedSdk(outdir) {
  return {
    name: "shared-sdk",
    setup(builder) {
      builder.onResolve({ filter: /^sluice\/plugin-sdk(\/|$)/ }, ({ path }) => {
        const subpath = path.slice("sluice/plugin-sdk".length).replace(/^\//, "") || "index";
        const file = relative(outdir, join(dist, "plugin-sdk", `${subpath}.js`));
        return { path: file.startsWith(".") ? file : `./${file}`, external: true };
      });
    },
  };
}

/**
 * Bundles the subpath `zod` by itself: it hands out all of the library, while the SDK's own schemas need a
 * quarter of it, which is all that channels should have to load.
 */
const wholeZod = {
  name: "whole-zod",
  setup(builder) {
    builder.onLoad({ filter: /[\\/]plugin-sdk[\\/]zod\.ts$/ }, async ({ path }) => {
      const { outputFiles } = await esbuild({ ...common, entryPoints: [path], format: "esm" });
      return { contents: outputFiles[0].text, loader: "js" };
    });
  },
};

async function targets() {
  const list = [];
  const add = (name, file, options, extra = {}) => {
    if (existsSync(join(root, file))) list.push({ name, options, ...extra });
  };
  // These two are started by bin/sluice.cjs, which caches their compiled code by build id.
  const forLauncher = {
    finish: (contents) => Buffer.from(withBuildId(toAscii(redirectImports(contents.toString())))),
  };
  add("gateway", "src/gateway/main.ts", commonJs("src/gateway/main.ts", "dist/gateway.cjs"), forLauncher);
  add("cli", "src/cli/main.ts", commonJs("src/cli/main.ts", "dist/cli.cjs"), forLauncher);
  add("store worker", "src/store/worker.ts", commonJs("src/store/worker.ts", "dist/workers/store.cjs"));
  const loopWatch = "src/plugins/watchdog/worker.ts";
  add("loop watch worker", loopWatch, commonJs(loopWatch, "dist/workers/loop-watch.cjs"));
  const json5 = "src/plugins/manifest/json5-worker.ts";
  add("JSON5 worker", json5, commonJs(json5, "dist/workers/json5.cjs"));
  const moduleHooks = "src/plugins/loading/hooks-thread.ts";
  add("module hooks", moduleHooks, {
    ...common,
    entryPoints: [moduleHooks],
    format: "esm",
    outfile: "dist/workers/module-hooks.mjs",
  });

  const sdkFolder = join(root, "src/plugin-sdk");
  const sdk = (await readdir(sdkFolder))
    .filter((file) => file.endsWith(".ts"))
    .map((file) => `src/plugin-sdk/${file}`);
  const library = existsSync(join(root, "src/index.ts")) ? ["src/index.ts"] : [];
  if (library.length > 0) list.push({ name: "library", options: esModules(library, "dist", "src") });
  if (sdk.length > 0) {
    const missing = "src/plugin-sdk/missing/missing-name.ts";
    list.push({
      name: "plugin SDK",
      options: esModules([...sdk, missing], "dist", "src", { metafile: true, plugins: [wholeZod] }),
      complete: addMissingSdkNames,
    });
  }

  for (const id of await readdir(join(root, "extensions"))) {
    const folder = `extensions/${id}`;
    if (!existsSync(join(root, folder, "index.ts"))) continue;
    const files = await readdir(join(root, folder));
    const entries = files.filter((file) =>
      /^(index|api|[a-z-]+-api|setup-entry|cli-metadata)\.ts$/.test(file),
    );
    const outdir = join(dist, "extensions", id);
    list.push({
      name: `extension ${id}`,
      options: esModules(
        entries.map((file) => `${folder}/${file}`),
        `dist/extensions/${id}`,
        folder,
        // Chunks lie beside the entry: the SDK's relative address is then the same for all of them.
        { plugins: [sharedSdk(outdir)], chunkNames: "[name]-[hash]" },
      ),
      copies: files
        .filter((file) => file === "openclaw.plugin.json" || file === "assets" || file === "clients")
        .map((file) => [join(root, folder, file), join(outdir, file)]),
    });
    for (const file of files.filter((name) => name.endsWith(".worker.ts"))) {
      const out = `dist/extensions/${id}/${file.replace(/\.ts$/, ".cjs")}`;
      list.push({ name: `worker ${id}/${file}`, options: commonJs(`${folder}/${file}`, out) });
    }
  }
  return list;
}

/**
 * Sends `import()` through a variable that bin/sluice.cjs provides: code taken from V8's code cache has
 * forgotten how to import. Without the launcher the variable falls back to `import()` itself.
 */
function redirectImports(text) {
  const redirected = text.replace(/(?<![.\w$])import\(/g, "__import(");
  return `var __import;__import||(__import=(id)=>import(id));${redirected}`;
}

/**
 * Writes what esbuild left beyond ASCII (it escapes strings, not regular expressions) as `\uXXXX`. The launcher
 * reads one byte a character, which is faster and takes half the memory.
 */
function toAscii(text) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: everything beyond ASCII
  return text.replace(/[^\x00-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Appends `//# build=<hash>`, by which the launcher knows whether its compiled code still fits. */
function withBuildId(text) {
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 32);
  return `${text}//# build=${hash}\n`;
}

/** Root commands of plugins that are on by default, for `sluice --help` without a configuration. */
async function bundledCommands() {
  const commands = [];
  for (const id of await readdir(join(root, "extensions"))) {
    const text = await readFile(join(root, "extensions", id, "openclaw.plugin.json"), "utf8").catch(
      () => "{}",
    );
    const { enabledByDefault, cliCommands = [] } = JSON.parse(text);
    if (enabledByDefault)
      commands.push(...cliCommands.map(({ name, description }) => ({ name, description })));
  }
  return Buffer.from(`${JSON.stringify(commands)}\n`);
}

async function writeIfChanged(path, contents) {
  const old = await readFile(path).catch(() => undefined);
  if (old && Buffer.compare(old, contents) === 0) return false;
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, contents);
  await rename(temporary, path);
  return true;
}

/** Every name published plugins import becomes an export; see scripts/support/sdk-inventory.mjs. */
async function addMissingSdkNames({ metafile, outputFiles }) {
  const folder = join(dist, "plugin-sdk");
  const built = new Map(outputFiles.map((file) => [file.path, file]));
  const outputs = new Map();
  for (const [path, { exports }] of Object.entries(metafile.outputs)) {
    const file = built.get(join(root, path));
    if (file) outputs.set(relative(folder, file.path), { exports, contents: file.text });
  }
  for (const { path, contents } of completePluginSdk(outputs, await readInventory(), await readHomonyms())) {
    built.set(join(folder, path), { path: join(folder, path), contents: Buffer.from(contents) });
  }
  return [...built.values()];
}

async function declareMissingSdkNames() {
  const missing = JSON.parse(await readFile(join(dist, "plugin-sdk/missing-names.json"), "utf8"));
  const { readSurface } = await import("./support/sdk-surface.mjs");
  const declaredAlready = new Set((await readSurface()).map(({ subpath, name }) => `${subpath}#${name}`));
  for (const [subpath, inventoried] of Object.entries(await readInventory())) {
    const file = join(dist, "types/src/plugin-sdk", `${subpath}.d.ts`);
    const declared = await readFile(file, "utf8").catch(() => undefined);
    const names = (missing[subpath] ?? []).filter((name) => !declaredAlready.has(`${subpath}#${name}`));
    if (declared !== undefined && names.length === 0) continue;
    if (declared === undefined && Object.keys(inventoried).length > names.length) continue;
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, (declared ?? "") + missingDeclarations(subpath, names));
  }
}

async function buildTarget(target, written) {
  const { options, copies = [], finish = (contents) => contents, complete } = target;
  const result = await esbuild(options);
  for (const file of complete ? await complete(result) : result.outputFiles) {
    await writeIfChanged(file.path, finish(Buffer.from(file.contents)));
    written.add(file.path);
  }
  for (const [from, to] of copies) {
    await cp(from, to, { recursive: true });
    written.add(to);
  }
}

/** Written by others than esbuild; each of them clears its own. */
const FOREIGN_OUTPUT = ["types", "ui", ".code-cache", ".built"];

/** Removes what earlier builds left and this one did not write. Files in use are never taken away first. */
async function removeStale(folder, written) {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (written.has(path) || (folder === dist && FOREIGN_OUTPUT.includes(entry.name))) continue;
    const used = entry.isDirectory() && [...written].some((file) => file.startsWith(path + sep));
    if (used) await removeStale(path, written);
    else await rm(path, { recursive: true, force: true });
  }
}

/** Builds every target; returns the failures as `{ name, message }`. */
export async function build({ quick = false, program = false } = {}) {
  const failures = [];
  const written = new Set();
  const started = new Date();
  for (const target of await targets()) {
    try {
      await buildTarget(target, written);
    } catch (error) {
      failures.push({ name: target.name, message: String(error?.message ?? error) });
    }
  }
  const commandsFile = join(dist, "bundled-commands.json");
  await writeIfChanged(commandsFile, await bundledCommands());
  written.add(commandsFile);
  if (quick) return failures;
  const page = existsSync(join(root, "ui/vite.config.ts"))
    ? run("control page", "node_modules/vite/bin/vite.js", ["build", "ui", "--logLevel", "error"], failures)
    : undefined;
  if (!program) {
    await rm(join(dist, "types"), { recursive: true, force: true });
    const declarations = ["-p", "tsconfig.build.json"];
    await run("type declarations", "node_modules/typescript7/bin/tsc", declarations, failures);
    await declareMissingSdkNames().catch((error) =>
      failures.push({ name: "declarations of missing SDK names", message: String(error?.message ?? error) }),
    );
  }
  await page;
  if (failures.length === 0) {
    await removeStale(dist, written);
    // Dated at the start: a source saved while the build ran makes it stale.
    await writeFile(join(dist, ".built"), `${started.toISOString()}\n`);
    await utimes(join(dist, ".built"), started, started);
  }
  return failures;
}

function run(name, script, args, failures) {
  return new Promise((resolvePromise) => {
    const child = spawn(process.execPath, [join(root, script), ...args], { cwd: root });
    let output = "";
    child.stdout.on("data", (chunk) => (output += chunk));
    child.stderr.on("data", (chunk) => (output += chunk));
    child.once("error", (error) => (output += error.message));
    child.once("close", (status) => {
      if (status !== 0) failures.push({ name, message: output });
      resolvePromise();
    });
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const started = Date.now();
  const failures = await build({
    quick: process.argv.includes("--quick"),
    program: process.argv.includes("--program"),
  });
  for (const { name, message } of failures) console.error(`build of ${name} failed:\n${message}\n`);
  if (failures.length > 0) process.exit(1);
  console.log(`built in ${((Date.now() - started) / 1000).toFixed(1)} s`);
}
