// An SDK that is not there: for every name a package imports, a value that can be called, constructed and
// read, and does nothing. What a package costs on top of it is the package's own code.
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

const IMPORT =
  /import\s*(?:([\w$]+)\s*,?\s*)?(?:\{([^}]*)\})?(?:\*\s*as\s+[\w$]+)?\s*from\s*["']openclaw\/plugin-sdk(?:\/([\w.-]+))?["']/g;

const NOTHING = `
const target = function () {};
export const nothing = new Proxy(target, {
  get: (_target, key) => {
    if (key === "then" || key === "toJSON") return undefined;
    if (key === Symbol.toPrimitive) return () => "";
    if (key === Symbol.iterator) return function* () {};
    if (typeof key === "symbol") return undefined;
    return key === "prototype" ? target.prototype : nothing;
  },
  apply: () => nothing,
  construct: () => ({}),
});
`;

// The one thing that has to work: without it the package's own files would not be loaded at all.
const CHANNEL_ENTRY = `
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { dirname, resolve } from "node:path";
const LOADER = Symbol.for("sluice.plugin-sdk.sync-module-loader");
export function defineBundledChannelEntry({ id, name, importMetaUrl, plugin, secrets, runtime }) {
  const folder = dirname(fileURLToPath(importMetaUrl));
  const files = [plugin, secrets, runtime].filter(Boolean).map(({ specifier }) => resolve(folder, specifier));
  const load = (file) => (globalThis[LOADER] ?? createRequire(importMetaUrl))(file);
  const entry = { id, name, register() { for (const file of files) load(file); } };
  return Object.defineProperty(entry, Symbol.for("sluice.plugin-sdk.entry-modules"), { value: files });
}
`;

/** Writes the empty SDK for the package in `folder` to `out`. */
export async function writeEmptySdk(folder, out) {
  const names = new Map();
  for (const file of await readdir(join(folder, "dist"), { recursive: true })) {
    if (!/\.m?js$/.test(file)) continue;
    const text = await readFile(join(folder, "dist", file), "utf8");
    for (const [, , list, subpath = "index"] of text.matchAll(IMPORT)) {
      const known = names.get(subpath) ?? new Set();
      for (const item of (list ?? "").split(",")) {
        const name = item.trim().split(/\s+as\s+/)[0];
        if (name) known.add(name);
      }
      names.set(subpath, known);
    }
  }
  await mkdir(out, { recursive: true });
  await writeFile(join(out, "package.json"), '{"type":"module"}');
  await writeFile(join(out, "nothing.js"), NOTHING);
  await writeFile(join(out, "channel-entry.js"), CHANNEL_ENTRY);
  // It has what the package imports, and says so: nothing else needs to be linked.
  const provided = Object.fromEntries([...names].map(([subpath, known]) => [subpath, [...known]]));
  await writeFile(join(out, "link-names.json"), JSON.stringify({ provided, homonyms: [] }));
  await writeFile(join(out, "missing-names.json"), "{}");
  for (const [subpath, known] of names) {
    const lines = ['import { nothing } from "./nothing.js";'];
    for (const name of known) {
      lines.push(
        name === "defineBundledChannelEntry"
          ? `export { ${name} } from "./channel-entry.js";`
          : `export const ${name} = nothing;`,
      );
    }
    await writeFile(join(out, `${subpath}.js`), `${lines.join("\n")}\n`);
  }
}
