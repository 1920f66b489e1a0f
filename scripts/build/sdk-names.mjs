import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import {
  completePluginSdk,
  missingDeclarations,
  readHomonyms,
  readInventory,
} from "../support/sdk-inventory.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const dist = join(root, "dist");

/** Every name published plugins import becomes an export; see support/sdk-inventory.mjs. */
export async function addMissingSdkNames({ metafile, outputFiles }) {
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

/** Declares the same names for compilers, beside the declarations that were made. */
export async function declareMissingSdkNames() {
  const missing = JSON.parse(await readFile(join(dist, "plugin-sdk/missing-names.json"), "utf8"));
  const { readSurface } = await import("../support/sdk-surface.mjs");
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
