#!/usr/bin/env node
"use strict";
// Starts the bundled program through a V8 code cache: compiling two megabytes of JavaScript costs more than
// everything else at start. Nothing here is needed for correctness; whatever fails, the bundle is compiled
// the ordinary way. Worker threads of the program load their bundles through it as well.
const fs = require("node:fs");
const path = require("node:path");

const LOWEST_NODE = [20, 19];
/** How long a long-running program warms up before its compiled functions are written. */
const WARM_UP_MS = 4_000;
const SETTLED_EVENT = "sluice:settled";
/** Build id that scripts/build/launcher-text.mjs appends to a bundle: `//# build=` and 32 hexadecimal digits. */
const BUILD_ID_BYTES = 32;

const root = path.resolve(fs.realpathSync(__filename), "../..");

function main(argv) {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < LOWEST_NODE[0] || (major === LOWEST_NODE[0] && minor < LOWEST_NODE[1])) {
    console.error(`sluice needs Node ${LOWEST_NODE.join(".")} or newer; this is ${process.version}.`);
    process.exit(1);
  }
  if (argv.length === 1 && (argv[0] === "--version" || argv[0] === "-V")) {
    console.log(JSON.parse(fs.readFileSync(path.join(root, "package.json"), "utf8")).version);
    return;
  }
  const help = argv.includes("--help") || argv.includes("-h");
  const gateway = argv[0] === "gateway" && argv[1] === "run" && !help;
  const bundle = path.join(root, "dist", gateway ? "gateway.cjs" : "cli.cjs");
  if (!fs.existsSync(bundle)) {
    console.error("sluice is not built yet. In its folder run: npm run build");
    process.exit(1);
  }
  load(bundle);
}

function load(bundle) {
  const vm = require("node:vm");
  const source = fs.readFileSync(bundle, "latin1");
  const buildId = /\/\/# build=([0-9a-f]{32})\s*$/.exec(source.slice(-64))?.[1];
  // Without a build id nothing ties a cache to this source: V8 itself only compares lengths.
  if (!buildId || process.env["SLUICE_NO_CODE_CACHE"] === "1") return void require(bundle);

  const cache = openCache(bundle, buildId);
  const script = new vm.Script(
    `(function (exports, require, module, __filename, __dirname, __import) {${source}\n})`,
    {
      filename: bundle,
      cachedData: cache?.data,
    },
  );
  if (cache && (!cache.data || script.cachedDataRejected)) writeWhenWarm(script, cache);
  const Module = require("node:module");
  const module = new Module(bundle, null);
  module.filename = bundle;
  module.paths = Module._nodeModulePaths(path.dirname(bundle));
  const folder = path.dirname(bundle);
  // Code from the cache can not import by itself; it imports through this file.
  const importModule = (specifier) => import(specifier);
  const start = script.runInThisContext();
  const requireThere = Module.createRequire(bundle);
  start.call(module.exports, module.exports, requireThere, module, bundle, folder, importModule);
}

/** The cache file beside the bundle, else in the user's own cache folder; undefined when neither is safe. */
function openCache(bundle, buildId) {
  const name = `${path.basename(bundle, ".cjs")}-${process.version}-${process.arch}.cache`;
  for (const folder of cacheFolders()) {
    const file = path.join(folder, name);
    try {
      const stat = fs.statSync(file);
      // Cached code is code: take it only from somebody who could change the program anyway.
      if (process.getuid && stat.uid !== process.getuid() && stat.uid !== 0) continue;
      const bytes = fs.readFileSync(file);
      if (bytes.toString("latin1", 0, BUILD_ID_BYTES) === buildId)
        return { file, folder, buildId, data: bytes.subarray(BUILD_ID_BYTES) };
    } catch {}
  }
  for (const folder of cacheFolders()) {
    try {
      fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
      fs.accessSync(folder, fs.constants.W_OK);
      return { file: path.join(folder, name), folder, buildId, data: undefined };
    } catch {}
  }
  return undefined;
}

function cacheFolders() {
  const home =
    process.env["XDG_CACHE_HOME"] || (process.env["HOME"] && path.join(process.env["HOME"], ".cache"));
  const folders = [path.join(root, "dist", ".code-cache")];
  if (home && path.isAbsolute(home)) folders.push(path.join(home, "sluice"));
  return folders;
}

/** Writes the cache after warm-up, so that functions compiled on first use are in it too; once. */
function writeWhenWarm(script, { file, buildId }) {
  let written = false;
  const write = () => {
    if (written) return;
    written = true;
    try {
      const { threadId } = require("node:worker_threads");
      const temporary = `${file}.${process.pid}.${threadId}.tmp`;
      fs.writeFileSync(
        temporary,
        Buffer.concat([Buffer.from(buildId, "latin1"), script.createCachedData()]),
        {
          mode: 0o600,
        },
      );
      fs.renameSync(temporary, file);
    } catch {}
  };
  process.once(SETTLED_EVENT, write);
  setTimeout(write, WARM_UP_MS).unref();
  process.once("exit", write);
}

if (require.main === module) main(process.argv.slice(2));
else module.exports = { load };
