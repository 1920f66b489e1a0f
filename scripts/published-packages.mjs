// Installs published plugins from npm with the real command line, sees each run in a real gateway, turns it
// off, removes it, and looks for what it left: contributions, methods, routes, listening sockets, child
// processes, files. Run it with each Node that is supported.
//   node scripts/published-packages.mjs [--only irc,slack] [--others] [--earlier] [--spec <name@version,...>]
//     [--state <folder>] [--json]
// `--others` tries further packages of the ecosystem, `--earlier` releases that people have pinned; `--spec` tries what
// nobody has listed here, by what `plugins install` takes (a name, a folder, a .tgz); `--state` takes what is installed there, unchanged, instead of
// asking npm. `--reports <file>` keeps what `plugins inspect` said of each while it ran.
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { EARLIER, OTHERS, PROMISED } from "./published-packages/packages.mjs";
import { Installation, trial } from "./published-packages/trial.mjs";

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    others: { type: "boolean", default: false },
    earlier: { type: "boolean", default: false },
    spec: { type: "string" },
    state: { type: "string" },
    reports: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
const wanted = values.only?.split(",");
const listed = [...PROMISED, ...(values.others || values.state ? OTHERS : [])].filter(({ id }) =>
  wanted ? wanted.includes(id) : !values.state || OTHERS.some((other) => other.id === id),
);
const specs = values.spec?.split(",").map((spec) => ({ spec }));
const packages = specs ?? (values.earlier ? EARLIER : listed);

const rows = [];
const reports = [];
for (const one of packages) {
  const stateDir = await mkdtemp(join(tmpdir(), "sluice-published-"));
  try {
    if (values.state) await takeInstalled(values.state, stateDir, one.id);
    const row = await trial(
      new Installation({ node: process.execPath, stateDir }),
      one,
      Boolean(values.state),
      values.reports && ((report) => reports.push(report)),
    );
    rows.push(row);
    const verdict = row.problems.length === 0 ? "ok" : "WRONG";
    console.error(
      `${row.id ?? one.spec}: ${verdict}${row.problems.map((problem) => `\n  ${problem}`).join("")}`,
    );
  } finally {
    await rm(stateDir, { recursive: true, force: true });
  }
}
if (values.reports) await writeFile(values.reports, JSON.stringify(reports, undefined, 2));
if (values.json) console.log(JSON.stringify({ node: process.version, rows }, undefined, 2));
else {
  console.log(`Node ${process.version}`);
  console.table(
    Object.fromEntries(rows.map(({ id, problems, ...row }) => [id, { ...row, ok: problems.length === 0 }])),
  );
}
if (rows.length === 0 || rows.some(({ problems }) => problems.length > 0)) process.exitCode = 1;

/** Copies one installed package with its record, and nothing else. */
async function takeInstalled(from, to, id) {
  const book = JSON.parse(await readFile(join(from, "plugins", "installs.json"), "utf8"));
  const records = Object.entries(book.records).filter(([, { pluginIds }]) => pluginIds.includes(id));
  await mkdir(join(to, "plugins", "staging"), { recursive: true });
  for (const [, { folder }] of records) {
    const top = folder.split("/").slice(0, 2).join("/");
    await cp(join(from, "plugins", top), join(to, "plugins", top), {
      recursive: true,
      verbatimSymlinks: true,
    });
  }
  const kept = Array.isArray(book.records)
    ? records.map(([, record]) => record)
    : Object.fromEntries(records);
  await writeFile(join(to, "plugins", "installs.json"), JSON.stringify({ ...book, records: kept }));
}
