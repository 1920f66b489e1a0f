// Pre-step of `npm start` and `npm test`: makes a fresh clone ready, and does nothing when it already is.
// Node built-ins only, because it runs before anything is installed.
//   installs    when node_modules is missing or does not match the lockfile
//   repairs     when the SQLite driver does not open a database
//   builds      when a source is newer than dist/
import { existsSync, readFileSync, utimesSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { modifiedAt, newestBelow } from "./support/freshness.mjs";
import { npm, run } from "./support/run.mjs";
import { buildEnvironment, REPAIR, sqliteProblem } from "./support/sqlite.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const LOWEST_NODE = [20, 19];
/** What a build reads; a change below any of these makes dist/ stale. */
const SOURCES = [
  "src",
  "extensions",
  "ui",
  "scripts/build.mjs",
  "scripts/build",
  "package.json",
  "tsconfig.build.json",
];
const BUILD_STAMP = "dist/.built";

const say = (text) => console.error(`sluice: ${text}`);

function fail(text) {
  say(text);
  process.exit(1);
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > LOWEST_NODE[0] || (major === LOWEST_NODE[0] && minor >= LOWEST_NODE[1])) return;
  fail(`Node ${LOWEST_NODE.join(".")} or newer is needed; this is ${process.version}.`);
}

/** True when every package of the lockfile is installed at its version. */
function installMatchesLock() {
  const lockFile = join(root, "package-lock.json");
  const installedFile = join(root, "node_modules/.package-lock.json");
  if (!existsSync(installedFile)) return false;
  if (modifiedAt(installedFile) >= modifiedAt(lockFile)) return true;
  const wanted = JSON.parse(readFileSync(lockFile, "utf8")).packages;
  const installed = JSON.parse(readFileSync(installedFile, "utf8")).packages;
  for (const [path, entry] of Object.entries(wanted)) {
    if (!path.startsWith("node_modules/") || entry.link || entry.optional || entry.peer) continue;
    if (installed[path]?.version !== entry.version) return false;
  }
  // A newer lockfile with the same content (a checkout, for instance); remember that it was compared.
  utimesSync(installedFile, new Date(), new Date());
  return true;
}

async function install() {
  if (installMatchesLock()) return;
  say("installing packages; the first time takes a minute or two, the SQLite driver may be compiled");
  const { status, seconds } = await npm(["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    env: buildEnvironment(),
    label: "installing",
  });
  if (status !== 0) fail(`"npm ci" failed with status ${status}; its message is above.`);
  say(`installed in ${seconds.toFixed(0)} s`);
}

async function repairDriver() {
  const problem = sqliteProblem(root);
  if (problem === undefined) return;
  say(`the SQLite driver does not open a database: ${problem}`);
  say(`rebuilding it for Node ${process.version} (${REPAIR}); about a minute`);
  const { status } = await npm(["rebuild", "better-sqlite3", "--loglevel=error"], {
    cwd: root,
    env: { ...buildEnvironment(), npm_config_build_from_source: "better-sqlite3" },
    label: "compiling",
  });
  const left = sqliteProblem(root);
  if (status === 0 && left === undefined) return;
  fail(
    `the driver is still unusable${left ? ` (${left})` : ""}. It needs a C++ compiler, make and Python 3 ` +
      `(Debian: apt-get install build-essential python3); then run: ${REPAIR}`,
  );
}

async function build() {
  const newest = newestBelow(SOURCES.map((path) => join(root, path)));
  if (modifiedAt(join(root, BUILD_STAMP)) >= newest) return;
  say("building");
  const { status, seconds } = await run(process.execPath, [join(root, "scripts/build.mjs"), "--program"], {
    cwd: root,
    label: "building",
  });
  if (status !== 0) fail("the build failed; its message is above.");
  say(`built in ${seconds.toFixed(1)} s`);
}

checkNode();
await install();
await repairDriver();
await build();
