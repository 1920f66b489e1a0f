// Writes the reference pages that are made from the code itself.
//   node scripts/docs.mjs           writes them
//   node scripts/docs.mjs --check   exits with 1 when one is stale
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { writePluginPages } from "./plugin-docs.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");

const pages = [{ file: "docs/rpc.md", render: renderRpc }];

/** Bundles a source module for this one run and imports it. */
async function load(source) {
  await mkdir(join(root, "dist"), { recursive: true });
  const folder = await mkdtemp(join(root, "dist", "docs-"));
  const outfile = join(folder, "module.mjs");
  try {
    await build({
      absWorkingDir: root,
      stdin: { contents: source, resolveDir: root, loader: "ts" },
      bundle: true,
      platform: "node",
      format: "esm",
      outfile,
      logLevel: "silent",
      external: ["better-sqlite3", "jiti", "fastify"],
      banner: {
        js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
      },
    });
    return await import(pathToFileURL(outfile).href);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function renderRpc() {
  const { CATALOGUE, scopeOf, RATE_LIMITED_METHODS, EVENT_RULES } = await load(`
    export { CATALOGUE } from "./src/gateway/rpc/catalogue.ts";
    export { scopeOf, RATE_LIMITED_METHODS } from "./src/protocol/method-scopes.ts";
    export { EVENT_RULES } from "./src/protocol/events.ts";
  `);
  const out = [
    "# RPC methods and events",
    "",
    "Made by `npm run docs` from the method objects in `src/gateway/methods/`; do not edit by hand. How frames,",
    "the handshake and errors work is in [protocol.md](protocol.md). Parameters and results are JSON Schemas in",
    "short form: `name?` may be absent, `…` means that further fields are allowed.",
    "",
  ];
  const methods = [];
  for (const group of CATALOGUE) methods.push(...(await group.load()).default);
  methods.sort((left, right) => (left.name < right.name ? -1 : 1));
  out.push("| Method | Scope | What it does |", "| --- | --- | --- |");
  for (const method of methods) {
    const anchor = method.name.replaceAll(".", "").toLowerCase();
    out.push(`| [\`${method.name}\`](#${anchor}) | ${scopeText(method, scopeOf)} | ${method.summary} |`);
  }
  for (const method of methods) {
    out.push("", `## ${method.name}`, "", method.summary, "");
    out.push(`- Scope: ${scopeText(method, scopeOf)}`);
    if (method.idempotent) out.push("- Repeating it changes nothing more.");
    if (RATE_LIMITED_METHODS.has(method.name)) out.push("- At most 30 calls in 60 s per device and address.");
    if (scopeOf(method.name) === undefined) out.push("- An addition of this gateway to the protocol.");
    out.push(`- Parameters: \`${shape(method.params)}\``, `- Result: \`${shape(method.result)}\``);
  }
  out.push(
    "",
    "## Events",
    "",
    "| Event | Scope | Slow readers | Can be resumed |",
    "| --- | --- | --- | --- |",
  );
  for (const [name, rule] of Object.entries(EVENT_RULES)) {
    const guard = rule.guard ? `\`${rule.guard}\`` : "everybody";
    out.push(
      `| \`${name}\` | ${guard} | ${rule.droppable ? "lose it" : "are closed"} | ${rule.logged ? "yes" : "no"} |`,
    );
  }
  out.push("", "Frames of `chat` that end a run are never lost and can be resumed.", "");
  return out.join("\n");
}

function scopeText(method, scopeOf) {
  if (typeof method.scope !== "function") {
    return method.scope === "none" ? "any connection" : `\`${method.scope}\``;
  }
  return `at least \`${scopeOf(method.name)}\`, by its parameters`;
}

const MAX_SHAPE_DEPTH = 3;

/** A schema as one line. */
function shape(schema, depth = 0) {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" / ");
  if (schema.anyOf) return schema.anyOf.map((part) => shape(part, depth)).join(" / ");
  if (schema.type === "array") return `${wrapped(shape(schema.items ?? {}, depth + 1))}[]`;
  if (schema.type === "object") return objectShape(schema, depth);
  return schema.type ?? "any";
}

function objectShape(schema, depth) {
  const entries = Object.entries(schema.properties ?? {});
  const open = schema.additionalProperties !== false;
  if (entries.length === 0) return open ? "{ … }" : "{}";
  if (depth > MAX_SHAPE_DEPTH) return "{ … }";
  const required = new Set(schema.required ?? []);
  const fields = entries.map(
    ([name, value]) => `${name}${required.has(name) ? "" : "?"}: ${shape(value, depth + 1)}`,
  );
  return `{ ${fields.join("; ")}${open ? "; …" : ""} }`;
}

function wrapped(text) {
  return text.includes(" / ") ? `(${text})` : text;
}

const check = process.argv.includes("--check");
const stale = [];
for (const { file, render } of pages) {
  const text = await render();
  const path = join(root, file);
  const old = await readFile(path, "utf8").catch(() => undefined);
  if (old === text) continue;
  if (check) stale.push(file);
  else await writeFile(path, text);
}
await writePluginPages(check);
if (stale.length > 0) {
  console.error(`stale: ${stale.join(", ")}; run: npm run docs`);
  process.exit(1);
}
