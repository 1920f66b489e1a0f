import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

const homonymsFile = join(root, "scripts/sdk/homonyms.json");

export const inventoryFile = join(root, "scripts/sdk/inventory.json");

/** Subpath → name → how many surveyed plugins import it. */
export async function readInventory() {
  return JSON.parse(await readFile(inventoryFile, "utf8"));
}

/**
 * Names that mean something else in another subpath. Every other name means the same wherever it is exported,
 * so that a file which imports it from a subpath that lacks it can have it from one that does not.
 */
export async function readHomonyms() {
  return JSON.parse(await readFile(homonymsFile, "utf8"));
}

/**
 * Completes the built SDK: every inventoried name that no source file provides becomes an export that throws
 * when used, so that a plugin which merely imports it still links.
 *
 * `outputs` maps an output path relative to the SDK folder (`account-id.js`) to `{ exports, contents }`.
 * Returns the files to write, as `{ path, contents }`, among them `missing-names.json` (the stand-ins) and
 * `link-names.json` (what else each subpath exports, and the homonyms), by which the plugin loader links.
 */
export function completePluginSdk(outputs, inventory, homonyms = []) {
  const files = [];
  const missing = {};
  const linked = {};
  for (const [path, { exports }] of outputs) {
    if (/^[^/]+\.js$/.test(path)) linked[path.slice(0, -".js".length)] = exports;
  }
  for (const [subpath, names] of Object.entries(inventory)) {
    const built = outputs.get(`${subpath}.js`);
    const provided = new Set(built?.exports ?? []);
    const absent = Object.keys(names).filter((name) => !provided.has(name) && name !== "default");
    if (absent.length > 0) missing[subpath] = absent.sort();
    linked[subpath] ??= [];
    if (built && absent.length === 0) continue;
    files.push({
      path: `${subpath}.js`,
      contents: (built?.contents ?? "") + missingExports(subpath, absent),
    });
  }
  files.push({ path: "missing-names.json", contents: `${JSON.stringify(sortedByKey(missing))}\n` });
  const link = { provided: sortedByKey(linked), homonyms };
  files.push({ path: "link-names.json", contents: `${JSON.stringify(link)}\n` });
  return files;
}

function sortedByKey(record) {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function missingExports(subpath, names) {
  if (names.length === 0) return "export {};\n";
  const lines = names.map(
    (name, index) => `const $${index}=$missing(${JSON.stringify(subpath)},${JSON.stringify(name)});`,
  );
  const exported = names.map((name, index) => `$${index} as ${name}`).join(",");
  return `\nimport{missingName as $missing}from"./missing/missing-name.js";${lines.join("")}export{${exported}};\n`;
}

/** The declarations of the names that are missing from `subpath`, to be appended to its `.d.ts`. */
export function missingDeclarations(subpath, names) {
  return names
    .map(
      (name, index) =>
        `/** @deprecated This host does not provide it yet; using it throws \`SDK_NAME_MISSING\`. */\n` +
        `declare const $${index}: any;\nexport { $${index} as ${name} };\n`,
    )
    .join("")
    .concat(names.length === 0 ? "export {};\n" : `/* ${names.length} name(s) missing from ${subpath} */\n`);
}
