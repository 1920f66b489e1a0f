import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { readInventory } from "./sdk-inventory.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const sdkFolder = join(root, "src/plugin-sdk");

export const surfaceFile = join(root, "docs/plugins/sdk-surface.txt");

/** Every export of every SDK subpath: `{ subpath, name, kind, deprecated }`, sorted. */
export async function readSurface() {
  const { config } = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, root);
  const files = (await readdir(sdkFolder))
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(sdkFolder, name));
  const program = ts.createProgram(files, { ...options, noEmit: true });
  const checker = program.getTypeChecker();
  const surface = files.flatMap((file) => {
    const module = checker.getSymbolAtLocation(program.getSourceFile(file));
    const exported = module ? checker.getExportsOfModule(module) : [];
    return exported.map((symbol) => ({
      subpath: basename(file, ".ts"),
      name: symbol.name,
      ...describe(checker, symbol),
    }));
  });
  return surface.sort((a, b) => (lineOf(a) < lineOf(b) ? -1 : 1));
}

function describe(checker, symbol) {
  const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  const deprecated = [symbol, target].some((one) =>
    one.getJsDocTags(checker).some(({ name }) => name === "deprecated"),
  );
  return { kind: kindOf(target.flags), deprecated };
}

function kindOf(flags) {
  if (flags & ts.SymbolFlags.Class) return "class";
  if (flags & ts.SymbolFlags.Function) return "function";
  if (flags & ts.SymbolFlags.Value) return "value";
  return "type";
}

export const lineOf = ({ subpath, name, kind }) => `${subpath}#${name} ${kind}`;

/** The checked-in report: one line for each export. */
export async function readReport() {
  return (await readFile(surfaceFile, "utf8")).split("\n").filter(Boolean);
}

/** Inventoried names that no source file provides, as `subpath#name`. */
export async function missingNames(surface) {
  const provided = new Set(
    surface.filter(({ kind }) => kind !== "type").map(({ subpath, name }) => `${subpath}#${name}`),
  );
  return Object.entries(await readInventory())
    .flatMap(([subpath, names]) => Object.keys(names).map((name) => `${subpath}#${name}`))
    .filter((name) => !provided.has(name));
}

const IMPORT =
  /\bimport\s+(?:type\s+)?\{([^}]*)\}\s*from\s*"(?:sluice|openclaw)\/plugin-sdk(?:\/([\w-]+))?"/g;

/** What the extensions in this repository import from the SDK, as `subpath#name`. */
export async function usedByExtensions() {
  const used = new Set();
  const folder = join(root, "extensions");
  for (const file of await readdir(folder, { recursive: true })) {
    if (!/\.[mc]?tsx?$/.test(file) || file.includes("node_modules")) continue;
    for (const [, names, subpath = "index"] of (await readFile(join(folder, file), "utf8")).matchAll(
      IMPORT,
    )) {
      for (const name of names.split(",")) {
        const [imported] = name
          .trim()
          .replace(/^type\s+/, "")
          .split(/\s+as\s+/);
        if (imported) used.add(`${subpath}#${imported}`);
      }
    }
  }
  return used;
}
