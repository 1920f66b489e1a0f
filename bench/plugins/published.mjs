// A published package in a cache folder, without install scripts and without a host; fetched once.
import { spawnSync } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "../support/gateway.mjs";

const VERSIONS = { "@openclaw/irc": "2026.9.5" };
const cache = join(root, "node_modules/.cache/bench-plugins");
/** Where the tests put the same packages. */
const testCache = join(root, "node_modules/.cache/published-plugins");

async function isInstalled(folder, version) {
  try {
    return JSON.parse(await readFile(join(folder, "package.json"), "utf8")).version === version;
  } catch {
    return false;
  }
}

/** Its folder. Needs the package registry the first time. */
export async function publishedPackage(name) {
  const version = VERSIONS[name];
  for (const place of [testCache, cache]) {
    const folder = join(place, "node_modules", name);
    if (await isInstalled(folder, version)) return folder;
  }
  await mkdir(cache, { recursive: true });
  await writeFile(join(cache, "package.json"), JSON.stringify({ private: true, dependencies: VERSIONS }));
  const flags = ["--ignore-scripts", "--omit=peer", "--legacy-peer-deps", "--no-audit", "--no-fund"];
  const { status, stderr } = spawnSync("npm", ["install", ...flags], { cwd: cache, encoding: "utf8" });
  if (status !== 0) throw new Error(`${name} could not be fetched:\n${stderr}`);
  return join(cache, "node_modules", name);
}
