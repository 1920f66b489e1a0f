// Builds everything that runs into dist/. Targets are independent: one that fails does not keep the others
// from being written, and a file whose content did not change is left alone.
//   node scripts/build.mjs            everything
//   node scripts/build.mjs --quick    no page, no type declarations (what the tests need)
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build as esbuild } from "esbuild";

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

async function targets() {
  const list = [];
  const add = (name, file, options) => {
    if (existsSync(join(root, file))) list.push({ name, options });
  };
  add("gateway", "src/gateway/main.ts", commonJs("src/gateway/main.ts", "dist/gateway.cjs"));
  add("cli", "src/cli/main.ts", commonJs("src/cli/main.ts", "dist/cli.cjs"));
  add("store worker", "src/store/worker.ts", commonJs("src/store/worker.ts", "dist/workers/store.cjs"));

  const sdkFolder = join(root, "src/plugin-sdk");
  const sdk = (await readdir(sdkFolder))
    .filter((file) => file.endsWith(".ts"))
    .map((file) => `src/plugin-sdk/${file}`);
  const library = existsSync(join(root, "src/index.ts")) ? ["src/index.ts"] : [];
  if (sdk.length + library.length > 0) {
    list.push({ name: "library and plugin SDK", options: esModules([...library, ...sdk], "dist", "src") });
  }

  for (const id of await readdir(join(root, "extensions"))) {
    const folder = `extensions/${id}`;
    if (!existsSync(join(root, folder, "index.ts"))) continue;
    const files = await readdir(join(root, folder));
    const entries = files.filter((file) =>
      /^(index|api|runtime-api|setup-entry|cli-metadata)\.ts$/.test(file),
    );
    const outdir = join(dist, "extensions", id);
    list.push({
      name: `extension ${id}`,
      options: esModules(
        entries.map((file) => `${folder}/${file}`),
        `dist/extensions/${id}`,
        folder,
        {
          plugins: [sharedSdk(outdir)],
        },
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

async function writeIfChanged(path, contents) {
  const old = await readFile(path).catch(() => undefined);
  if (old && Buffer.compare(old, contents) === 0) return false;
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, contents);
  await rename(temporary, path);
  return true;
}

async function buildTarget({ options, copies = [] }) {
  const result = await esbuild(options);
  for (const file of result.outputFiles) await writeIfChanged(file.path, file.contents);
  for (const [from, to] of copies) await cp(from, to, { recursive: true });
}

/** Builds every target; returns the failures as `{ name, message }`. */
export async function build({ quick = false } = {}) {
  const failures = [];
  if (!quick) await rm(dist, { recursive: true, force: true });
  for (const target of await targets()) {
    try {
      await buildTarget(target);
    } catch (error) {
      failures.push({ name: target.name, message: String(error?.message ?? error) });
    }
  }
  if (!quick) {
    if (existsSync(join(root, "ui/vite.config.ts")))
      run("control page", "node_modules/vite/bin/vite.js", ["build", "ui"], failures);
    run("type declarations", "node_modules/typescript7/bin/tsc", ["-p", "tsconfig.build.json"], failures);
  }
  return failures;
}

function run(name, script, args, failures) {
  const child = spawnSync(process.execPath, [join(root, script), ...args], { cwd: root, encoding: "utf8" });
  if (child.status !== 0) failures.push({ name, message: `${child.stdout}${child.stderr}` });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const started = Date.now();
  const failures = await build({ quick: process.argv.includes("--quick") });
  for (const { name, message } of failures) console.error(`build of ${name} failed:\n${message}\n`);
  if (failures.length > 0) process.exit(1);
  console.log(`built in ${((Date.now() - started) / 1000).toFixed(1)} s`);
}
