// Builds everything that runs into dist/. Targets are independent: one that fails does not keep the others
// from being written, and a file whose content did not change is left alone.
//   node scripts/build.mjs              everything
//   node scripts/build.mjs --program    no type declarations (what a start needs)
//   node scripts/build.mjs --quick      the page only when it changed (what the tests need)
import { spawn } from "node:child_process";
import { cp, mkdir, readdir, readFile, rename, rm, utimes, writeFile } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { build as esbuild } from "esbuild";
import { declareMissingSdkNames } from "./build/sdk-names.mjs";
import { targets } from "./build/targets.mjs";
import { modifiedAt, newestBelow } from "./support/freshness.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const dist = join(root, "dist");

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

async function buildTarget(target, written) {
  const { options, copies = [], texts = [], finish = (contents) => contents, complete } = target;
  const result = await esbuild(options);
  for (const file of complete ? await complete(result) : result.outputFiles) {
    await writeIfChanged(file.path, finish(Buffer.from(file.contents)));
    written.add(file.path);
  }
  for (const [path, text] of texts) {
    await writeIfChanged(path, Buffer.from(text));
    written.add(path);
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
  const pageIsFresh = modifiedAt(join(dist, "ui/index.html")) >= newestBelow([join(root, "ui")]);
  const page =
    quick && pageIsFresh
      ? undefined
      : run(
          "control page",
          "node_modules/vite/bin/vite.js",
          ["build", "ui", "--logLevel", "error"],
          failures,
        );
  if (quick) {
    await page;
    return failures;
  }
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
