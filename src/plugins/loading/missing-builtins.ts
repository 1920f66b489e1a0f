import * as nodeModule from "node:module";

/**
 * Names of Node's own modules that published plugins import and older Node lines lack, with the first
 * version that has them. An import that cannot be linked would keep the whole plugin from loading.
 */
const LATER_NAMES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "node:zlib": {
    createZstdCompress: "22.15",
    createZstdDecompress: "22.15",
    zstdCompress: "22.15",
    zstdCompressSync: "22.15",
    zstdDecompress: "22.15",
    zstdDecompressSync: "22.15",
  },
  "node:fs": { glob: "22.0", globSync: "22.0" },
  "node:fs/promises": { glob: "22.0" },
  "node:module": {
    enableCompileCache: "22.8",
    registerHooks: "22.15",
    stripTypeScriptTypes: "22.13",
  },
  "node:util": { diff: "22.15", getCallSites: "22.9", setTraceSigInt: "24.6" },
};

/** A name this Node does not have. */
export interface MissingBuiltin {
  readonly module: string;
  readonly name: string;
  /** The first Node that has it. */
  readonly since: string;
}

/** What of the table this process lacks, by module. */
export function missingBuiltins(): readonly MissingBuiltin[] {
  return Object.entries(LATER_NAMES).flatMap(([module, names]) => {
    const present = builtin(module);
    return Object.entries(names)
      .filter(([name]) => !(name in present))
      .map(([name, since]) => ({ module, name, since }));
  });
}

/**
 * Modules that stand before Node's own for plugins: everything the real one has, and functions that say what
 * is missing when they are called. As text, by specifier, for the module hooks.
 */
export function builtinStandIns(): Readonly<Record<string, string>> {
  const standIns: Record<string, string> = {};
  for (const { module, name, since } of missingBuiltins()) {
    standIns[module] ??= `export * from "${module}"; export { default } from "${module}";`;
    standIns[module] += ` export function ${name}() { throw ${errorText({ module, name, since })}; }`;
  }
  return Object.fromEntries(
    Object.entries(standIns).map(([module, text]) => [
      module,
      `data:text/javascript,${encodeURIComponent(text)}`,
    ]),
  );
}

export function builtinMessage({ module, name, since }: MissingBuiltin): string {
  return `"${name}" of ${module} needs Node ${since} or newer; this is ${process.version}`;
}

function errorText(missing: MissingBuiltin): string {
  const message = JSON.stringify(builtinMessage(missing));
  return `Object.assign(new Error(${message}), { code: "NODE_TOO_OLD" })`;
}

function builtin(module: string): object {
  return nodeModule.createRequire(import.meta.url)(module) as object;
}
