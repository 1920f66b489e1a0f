// `npm run dev`: builds on every change and restarts the gateway. Arguments go to `sluice gateway run`.
//   npm run dev -- --port 18900
import { spawn } from "node:child_process";
import { watch } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "./build.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const WATCHED = ["src", "extensions"];
/** Editors save in bursts. */
const SETTLE_MS = 150;
const STOP_LIMIT_MS = 10_000;

let gateway;
let timer;
let busy = false;
let again = false;

const say = (text) => console.error(`dev: ${text}`);

function start() {
  const child = spawn(
    process.execPath,
    [join(root, "bin/sluice.cjs"), "gateway", "run", ...process.argv.slice(2)],
    {
      cwd: root,
      stdio: "inherit",
    },
  );
  gateway = child;
  child.once("exit", (status) => {
    if (gateway !== child) return;
    gateway = undefined;
    say(`the gateway ended with status ${status}; it starts again after the next change`);
  });
}

function stop() {
  const child = gateway;
  gateway = undefined;
  if (!child) return Promise.resolve();
  return new Promise((resolvePromise) => {
    const limit = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT_MS);
    child.once("exit", () => {
      clearTimeout(limit);
      resolvePromise();
    });
    child.kill("SIGTERM");
  });
}

async function refresh() {
  if (busy) {
    again = true;
    return;
  }
  busy = true;
  const started = Date.now();
  const failures = await build({ quick: true });
  for (const { name, message } of failures) say(`${name}:\n${message}`);
  if (failures.length === 0) {
    say(`built in ${Date.now() - started} ms`);
    await stop();
    start();
  }
  busy = false;
  if (again) {
    again = false;
    void refresh();
  }
}

function onChange() {
  clearTimeout(timer);
  timer = setTimeout(() => void refresh(), SETTLE_MS);
}

for (const folder of WATCHED) watch(join(root, folder), { recursive: true }, onChange);
// The page has its own quick builder.
spawn(
  process.execPath,
  [join(root, "node_modules/vite/bin/vite.js"), "build", "ui", "--watch", "--logLevel", "warn"],
  {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
  },
);
for (const signal of ["SIGINT", "SIGTERM"])
  process.once(signal, () => void stop().then(() => process.exit(0)));
await refresh();
