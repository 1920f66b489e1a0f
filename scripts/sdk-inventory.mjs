// Writes scripts/sdk/inventory.json: the names that published plugins may import from each SDK subpath, with
// the number of surveyed plugins that do (0: exported by the ecosystem's host, seen in no plugin yet).
//   node scripts/sdk-inventory.mjs <survey.tsv> [<exports.json>]
// The survey has the columns subpath, name, official_npm, third_npm, third_source; `exports.json` maps a
// subpath to a list of names. Names are only ever added: what an inventory promised once stays linkable.
import { readFile, writeFile } from "node:fs/promises";
import { inventoryFile, readInventory } from "./support/sdk-inventory.mjs";

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;
const SUBPATH = /^[a-z0-9][a-z0-9-]*$/;

const [surveyFile, exportsFile] = process.argv.slice(2);
if (!surveyFile) {
  console.error("usage: node scripts/sdk-inventory.mjs <survey.tsv> [<exports.json>]");
  process.exit(2);
}

const inventory = await readInventory().catch(() => ({}));
const note = (subpath, name, uses) => {
  const folder = subpath === "(root)" ? "index" : subpath;
  if (!SUBPATH.test(folder) || !IDENTIFIER.test(name)) return;
  inventory[folder] ??= {};
  inventory[folder][name] = Math.max(inventory[folder][name] ?? 0, uses);
};

const [header, ...rows] = (await readFile(surveyFile, "utf8")).trim().split("\n");
const columns = header.split("\t");
for (const row of rows) {
  const record = Object.fromEntries(row.split("\t").map((value, index) => [columns[index], value]));
  const uses = ["official_npm", "third_npm", "third_source"].reduce(
    (sum, key) => sum + Number(record[key]),
    0,
  );
  note(record.subpath, record.name, uses);
}
if (exportsFile) {
  for (const [subpath, names] of Object.entries(JSON.parse(await readFile(exportsFile, "utf8")))) {
    if (SUBPATH.test(subpath)) inventory[subpath] ??= {};
    for (const name of names) note(subpath, name, 0);
  }
}

const sorted = (object) => Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
const ordered = Object.fromEntries(
  Object.entries(sorted(inventory)).map(([key, names]) => [key, sorted(names)]),
);
await writeFile(inventoryFile, `${JSON.stringify(ordered, null, 2)}\n`);
const count = Object.values(inventory).reduce((sum, names) => sum + Object.keys(names).length, 0);
console.log(`${Object.keys(ordered).length} subpaths, ${count} names`);
