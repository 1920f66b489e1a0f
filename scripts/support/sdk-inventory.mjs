import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

export const inventoryFile = join(root, "scripts/sdk/inventory.json");

/** Subpath → name → how many surveyed plugins import it. */
export async function readInventory() {
  return JSON.parse(await readFile(inventoryFile, "utf8"));
}

/**
 * Completes the built SDK: every inventoried name that no source file provides becomes an export that throws
 * when used, so that a plugin which merely imports it still links.
 *
 * `outputs` maps an output path relative to the SDK folder (`account-id.js`) to `{ exports, contents }`.
 * Returns the files to write, as `{ path, contents }`, among them `missing-names.json` and `export-names.json`
 * (every name each subpath exports, stand-ins included: what a plugin can be linked against).
 */
export function completePluginSdk(outputs, inventory) {
  const files = [];
  const missing = {};
  const exported = {};
  for (const [path, { exports }] of outputs) {
    if (/^[^/]+\.js$/.test(path)) exported[path.slice(0, -".js".length)] = exports;
  }
  for (const [subpath, names] of Object.entries(inventory)) {
    const built = outputs.get(`${subpath}.js`);
    const provided = new Set(built?.exports ?? []);
    const absent = Object.keys(names).filter((name) => !provided.has(name) && name !== "default");
    if (absent.length > 0) missing[subpath] = absent.sort();
    exported[subpath] = [...provided, ...absent];
    if (built && absent.length === 0) continue;
    files.push({
      path: `${subpath}.js`,
      contents: (built?.contents ?? "") + missingExports(subpath, absent),
    });
  }
  for (const [path, names] of Object.entries({
    "missing-names.json": missing,
    "export-names.json": exported,
  })) {
    const sorted = Object.fromEntries(Object.entries(names).sort(([a], [b]) => (a < b ? -1 : 1)));
    files.push({ path, contents: `${JSON.stringify(sorted)}\n` });
  }
  return files;
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
