import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Written beside the SDK files by the build: subpath → names it exports, stand-ins included. */
const EXPORTS_FILE = "export-names.json";

/** Which names this host's SDK can be linked against. Read once, when the first plugin asks. */
export class SdkExports {
  readonly folder: string;
  #names: ReadonlyMap<string, ReadonlySet<string>> | undefined;

  constructor(folder: string) {
    this.folder = folder;
  }

  has(subpath: string): boolean {
    return existsSync(this.file(subpath));
  }

  file(subpath: string): string {
    return join(this.folder, `${subpath}.js`);
  }

  exports(subpath: string, name: string): boolean {
    return this.#read().get(subpath)?.has(name) === true;
  }

  /** Those of `names` that `subpath` does not export, in their order. */
  lacking(subpath: string, names: Iterable<string>): string[] {
    const exported = this.#read().get(subpath);
    return [...names].filter((name) => !exported?.has(name));
  }

  #read(): ReadonlyMap<string, ReadonlySet<string>> {
    this.#names ??= new Map(
      Object.entries(
        JSON.parse(readFileSync(join(this.folder, EXPORTS_FILE), "utf8")) as Record<string, string[]>,
      ).map(([subpath, names]) => [subpath, new Set(names)]),
    );
    return this.#names;
  }
}
