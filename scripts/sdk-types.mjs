// Checks, after `npm run build`, that a plugin author's compiler finds a declaration for every name of every
// SDK subpath, under both package names. The package is laid out as npm installs it, in a folder of its own:
// development dependencies of this repository are out of reach, except what authors bring themselves.
//   node scripts/sdk-types.mjs
import { spawnSync } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { readInventory } from "./support/sdk-inventory.mjs";
import { readSurface } from "./support/sdk-surface.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
/** Authors who import the zod schemas or the WebSocket class have these types already. */
const BROUGHT_BY_AUTHORS = ["@types/node", "undici-types", "@types/ws", "zod"];

const folder = await mkdtemp(join(tmpdir(), "sluice-sdk-types-"));
try {
  for (const name of ["sluice", "openclaw"]) {
    const installed = join(folder, "node_modules", name);
    await mkdir(join(installed, "dist"), { recursive: true });
    await cp(join(root, "package.json"), join(installed, "package.json"));
    await cp(join(root, "dist/types"), join(installed, "dist/types"), { recursive: true });
  }
  for (const name of BROUGHT_BY_AUTHORS) {
    const link = join(folder, "node_modules", name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(root, "node_modules", name), link);
  }
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "author", type: "module" }));
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify(authorConfig()));
  const count = await writeImports();
  const compiler = join(root, "node_modules/typescript7/bin/tsc");
  const { status, stdout, stderr } = spawnSync(process.execPath, [compiler, "-p", folder], {
    encoding: "utf8",
  });
  if (status !== 0) {
    console.error(`${stdout}${stderr}`);
    process.exitCode = 1;
  } else {
    console.log(`${count} names resolve`);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

function authorConfig() {
  const compilerOptions = {
    module: "nodenext",
    target: "es2022",
    lib: ["es2023", "dom", "dom.iterable"],
    types: ["node"],
    strict: true,
    noEmit: true,
    skipLibCheck: false,
  };
  return { compilerOptions, files: ["sluice.ts", "openclaw.ts"] };
}

async function writeImports() {
  const names = new Map();
  const add = (subpath, name) =>
    name === "default" || names.set(subpath, (names.get(subpath) ?? new Set()).add(name));
  for (const [subpath, inventoried] of Object.entries(await readInventory())) {
    for (const name of Object.keys(inventoried)) add(subpath, name);
  }
  for (const { subpath, name } of await readSurface()) add(subpath, name);
  let count = 0;
  for (const host of ["sluice", "openclaw"]) {
    const lines = [...names].map(([subpath, set]) => {
      const list = [...set].map((name) => `${name} as n${count++}`).join(", ");
      return `export type { ${list} } from "${host}/plugin-sdk${subpath === "index" ? "" : `/${subpath}`}";`;
    });
    await writeFile(join(folder, `${host}.ts`), `${lines.join("\n")}\n`);
  }
  return count / 2;
}
