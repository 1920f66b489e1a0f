import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build as esbuild } from "esbuild";
import { forLauncher, workerEntry } from "./launcher-text.mjs";
import { addMissingSdkNames } from "./sdk-names.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
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

/** Packages that still call require() find Node's. */
const REQUIRE =
  'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);';

/** Takes the line back from files without such a call: making a `require` costs each of them a tenth of a millisecond. */
function withoutIdleRequire(contents) {
  const text = contents.toString();
  const own = text.slice(REQUIRE.length);
  return text.startsWith(REQUIRE) && !/\brequire\b/.test(own) ? Buffer.from(own.trimStart()) : contents;
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
    banner: { js: REQUIRE },
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

/**
 * Leaves undici to a file of its own beside the bundle, which is read by the first request that needs it: a quarter
 * of the gateway's text would else be held from the start.
 */
const undiciBeside = {
  name: "undici-beside",
  setup(builder) {
    builder.onResolve({ filter: /^undici$/ }, () => ({ path: "./undici.cjs", external: true }));
  },
};

/** What only a WebSocket client or a compressing server asks Node for; ours is neither. */
const RARE_MODULES = ["https", "tls", "zlib"];

/** Loads these modules of Node, a dozen files, when the WebSocket library first uses them. */
const rareModulesLate = {
  name: "rare-modules-late",
  setup(builder) {
    const require = createRequire(import.meta.url);
    builder.onResolve({ filter: new RegExp(`^(${RARE_MODULES.join("|")})$`) }, ({ path, importer }) =>
      /[\\/]node_modules[\\/]ws[\\/]/.test(importer) ? { path, namespace: "late" } : undefined,
    );
    builder.onLoad({ filter: /.*/, namespace: "late" }, ({ path }) => {
      const names = JSON.stringify(Object.keys(require(path)));
      const get = `get: () => require("node:${path}")[name]`;
      return {
        contents: `for (const name of ${names}) Object.defineProperty(exports, name, { enumerable: true, ${get} });`,
      };
    });
  },
};

/**
 * Takes the JavaScript of the SQLite driver into a worker's bundle, so that starting it looks for one file
 * instead of fourteen. The compiled part stays in the driver's package, where its installation puts it.
 */
const sqliteInside = {
  name: "sqlite-inside",
  setup(builder) {
    const require = createRequire(import.meta.url);
    const entry = require.resolve("better-sqlite3");
    builder.onResolve({ filter: /^better-sqlite3$/ }, () => ({ path: entry }));
    builder.onLoad({ filter: /[\\/]better-sqlite3[\\/]lib[\\/]database\.js$/ }, async ({ path }) => {
      const text = await readFile(path, "utf8");
      const ordinary = "require('bindings')('better_sqlite3.node')";
      if (!text.includes(ordinary)) throw new Error(`${path} finds its compiled part in another way now`);
      return { contents: text.replace(ordinary, "findAddon()") + FIND_ADDON, loader: "js" };
    });
  },
};

const FIND_ADDON = `
function findAddon() {
  const folder = path.dirname(require.resolve("better-sqlite3/package.json"));
  const built = path.join(folder, "build/Release/better_sqlite3.node");
  if (fs.existsSync(built)) return require(built);
  const bindings = require(require.resolve("bindings", { paths: [folder] }));
  return bindings({ bindings: "better_sqlite3.node", module_root: folder });
}
`;

/** Everything that is bundled: `{ name, options }` with what is copied beside it and done to its text. */
export async function targets() {
  const list = [];
  const add = (name, file, options, extra = {}) => {
    if (existsSync(join(root, file))) list.push({ name, options, ...extra });
  };
  // These are loaded by bin/sluice.cjs, which caches their compiled code by build id.
  const launched = { finish: forLauncher };
  const gatewayBundle = commonJs("src/gateway/main.ts", "dist/gateway.cjs");
  const gateway = {
    ...gatewayBundle,
    // The WebSocket library would look for a package that is not among our dependencies.
    define: { ...gatewayBundle.define, "process.env.WS_NO_BUFFER_UTIL": '"1"' },
    plugins: [undiciBeside, rareModulesLate],
  };
  add("gateway", "src/gateway/main.ts", gateway, launched);
  const undici = "node_modules/undici/index.js";
  add("undici", undici, commonJs(undici, "dist/undici.cjs"));
  add("cli", "src/cli/main.ts", commonJs("src/cli/main.ts", "dist/cli.cjs"), launched);
  const store = "src/store/worker.ts";
  const storeBundle = commonJs(store, "dist/workers/store.bundle.cjs");
  const storeEntry = [join(dist, "workers/store.cjs"), workerEntry("store.bundle.cjs")];
  add(
    "store worker",
    store,
    { ...storeBundle, plugins: [sqliteInside] },
    { ...launched, texts: [storeEntry] },
  );
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
  const finish = withoutIdleRequire;
  const library = existsSync(join(root, "src/index.ts")) ? ["src/index.ts"] : [];
  if (library.length > 0) list.push({ name: "library", options: esModules(library, "dist", "src"), finish });
  if (sdk.length > 0) {
    const missing = "src/plugin-sdk/missing/missing-name.ts";
    list.push({
      name: "plugin SDK",
      options: esModules([...sdk, missing], "dist", "src", { metafile: true, plugins: [wholeZod] }),
      complete: addMissingSdkNames,
      finish,
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
      finish,
      copies: files
        .filter((file) => file === "openclaw.plugin.json" || file === "assets" || file === "clients")
        .map((file) => [join(root, folder, file), join(outdir, file)]),
    });
    for (const file of files.filter((name) => name.endsWith(".worker.ts"))) {
      const out = `dist/extensions/${id}/${file.replace(/\.ts$/, ".cjs")}`;
      const options = { ...commonJs(`${folder}/${file}`, out), plugins: [sqliteInside] };
      list.push({ name: `worker ${id}/${file}`, options });
    }
  }
  return list;
}
