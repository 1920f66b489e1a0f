// Counts what the plugin SDK exports and compares it with the checked-in report docs/plugins/sdk-surface.txt.
//   node scripts/sdk-surface.mjs            prints the counts; fails when an export of the report is gone
//   node scripts/sdk-surface.mjs --write    writes the report anew, and the subpaths by area beside it
//   node scripts/sdk-surface.mjs --missing  also lists the inventoried names that are not provided
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { catalogueFile, catalogueText, readCatalogue } from "./support/sdk-areas.mjs";
import {
  lineOf,
  missingNames,
  readReport,
  readSurface,
  surfaceFile,
  usedByExtensions,
} from "./support/sdk-surface.mjs";

const surface = await readSurface();
const lines = surface.map(lineOf);
if (process.argv.includes("--write")) {
  await mkdir(dirname(surfaceFile), { recursive: true });
  await writeFile(surfaceFile, `${lines.join("\n")}\n`);
  await writeFile(catalogueFile, catalogueText(await readCatalogue()));
}

const missing = await missingNames(surface);
const used = await usedByExtensions();
const values = surface.filter(({ kind }) => kind !== "type");
const unused = surface.filter(({ subpath, name }) => !used.has(`${subpath}#${name}`));
const counts = {
  subpaths: new Set(surface.map(({ subpath }) => subpath)).size,
  "public exports": surface.length,
  "of them values": values.length,
  "of them types": surface.length - values.length,
  deprecated: surface.filter(({ deprecated }) => deprecated).length,
  "unused by bundled extensions": unused.length,
  "inventoried names missing": missing.length,
};
for (const [what, count] of Object.entries(counts)) console.log(`${String(count).padStart(6)}  ${what}`);
if (process.argv.includes("--missing")) console.log(missing.join("\n"));

const now = new Set(lines);
const gone = (await readReport().catch(() => [])).filter((line) => !now.has(line));
if (gone.length > 0) {
  console.error(
    `gone from the SDK, though docs/plugins/sdk-surface.txt promises it:\n  ${gone.join("\n  ")}`,
  );
  process.exitCode = 1;
}
