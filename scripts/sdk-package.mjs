// Checks, after `npm run build`, the package as it would be published: that its entry points lead to files
// (publint), that compilers find the declarations of each (attw), and that every SDK name has one under both
// package names. The package is made of ES modules only, so what CommonJS callers would see is not asked.
//   node scripts/sdk-package.mjs
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "./support/run.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const CHECK_LIMIT_MS = 120_000;

const folder = await mkdtemp(join(tmpdir(), "sluice-package-"));
try {
  await step("pack", "npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", folder]);
  const [tarball] = (await readdir(folder)).map((name) => join(folder, name));
  const bin = (path) => join(root, "node_modules", path);
  await step("publint", process.execPath, [bin("publint/src/cli.js"), tarball, "--strict"]);
  const attw = [bin("@arethetypeswrong/cli/dist/index.js"), tarball, "--profile", "esm-only"];
  await step("attw", process.execPath, [...attw, "--format", "ascii"]);
  await step("names", process.execPath, [join(root, "scripts/sdk-types.mjs")]);
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function step(name, command, args) {
  const { status, output, seconds } = await run(command, args, {
    cwd: root,
    collect: true,
    timeoutMs: CHECK_LIMIT_MS,
  });
  console.log(`${status === 0 ? "ok  " : "FAIL"}  ${name.padEnd(8)} ${seconds.toFixed(1)} s`);
  if (status === 0) return;
  console.log(output.trimEnd());
  process.exitCode = 1;
}
