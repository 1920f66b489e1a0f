import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Written beside the SDK files by the build (scripts/support/sdk-inventory.mjs). */
const LINK_FILE = "link-names.json";
const STAND_INS_FILE = "missing-names.json";

type NamesBySubpath = Readonly<Record<string, readonly string[]>>;

/**
 * Where a name that a plugin imports from a subpath comes from: the subpath `own`s it, another subpath has it
 * (they move between the ecosystem's releases), its export is a `stand-in`, or nobody knows it.
 */
export type NameSource = "own" | { readonly subpath: string } | "stand-in" | "unknown";

interface Names {
  readonly provided: ReadonlyMap<string, ReadonlySet<string>>;
  readonly standIns: ReadonlyMap<string, ReadonlySet<string>>;
  /** One subpath for every name that means the same everywhere. */
  readonly homes: ReadonlyMap<string, string>;
}

/** What this host's SDK can be linked against. Read once, when the first plugin asks. */
export class SdkExports {
  readonly folder: string;
  #names: Names | undefined;

  constructor(folder: string) {
    this.folder = folder;
  }

  has(subpath: string): boolean {
    return existsSync(this.file(subpath));
  }

  file(subpath: string): string {
    return join(this.folder, `${subpath}.js`);
  }

  sourceOf(subpath: string, name: string): NameSource {
    this.#names ??= readNames(this.folder);
    const { provided, standIns, homes } = this.#names;
    if (provided.get(subpath)?.has(name)) return "own";
    const home = homes.get(name);
    if (home) return { subpath: home };
    return standIns.get(subpath)?.has(name) ? "stand-in" : "unknown";
  }
}

function readNames(folder: string): Names {
  const read = (file: string) => JSON.parse(readFileSync(join(folder, file), "utf8")) as unknown;
  const { provided, homonyms } = read(LINK_FILE) as { provided: NamesBySubpath; homonyms: string[] };
  const homes = new Map<string, string>();
  for (const [subpath, names] of Object.entries(provided)) {
    for (const name of names) if (!homes.has(name)) homes.set(name, subpath);
  }
  for (const name of ["default", ...homonyms]) homes.delete(name);
  return { provided: asSets(provided), standIns: asSets(read(STAND_INS_FILE) as NamesBySubpath), homes };
}

function asSets(names: NamesBySubpath): ReadonlyMap<string, ReadonlySet<string>> {
  return new Map(Object.entries(names).map(([subpath, list]) => [subpath, new Set(list)]));
}
