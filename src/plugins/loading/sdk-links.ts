import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { SdkExports } from "./sdk-exports.ts";
import { type SdkImport, sdkImports } from "./sdk-imports.ts";

/** Larger files are linked against the SDK as it is. */
export const MAX_LINKED_FILE_BYTES = 16_000_000;
/** Files whose imports are remembered; all imports of one file are resolved one after the other. */
const MAX_REMEMBERED_FILES = 64;

/** What a file needs of one subpath and this host's SDK cannot give. */
export interface SdkGap {
  /** Names that stand-ins take the place of. */
  readonly lacking: readonly string[];
  /** False where this host has no such subpath at all. */
  readonly known: boolean;
}

/**
 * Decides what an import of the SDK becomes: the SDK's own module, or, for a file that names what this host
 * does not provide, that module with a stand-in for each such name, which throws when it is used
 * (spec 2.11.4). Works on the text of the importing file, at the moment it is linked, so that it holds for
 * entries, chunks and parts loaded later alike, and changes nothing for anybody else.
 */
export class SdkLinks {
  readonly exports: SdkExports;
  readonly #imports = new Map<string, ReadonlyMap<string, SdkImport>>();

  constructor(sdkFolder: string) {
    this.exports = new SdkExports(sdkFolder);
  }

  /**
   * URL of the module that `parentUrl` gets for an SDK subpath.
   *
   * @throws an error with code `SDK_SEAM_MISSING`: there is no such subpath, and the file can run without it
   */
  url(subpath: string, parentUrl: string | undefined): string {
    const gap = parentUrl?.startsWith("file:")
      ? this.gap(subpath, this.#importsOf(parentUrl, fileURLToPath(parentUrl)).get(subpath))
      : undefined;
    if (gap) return this.overlay(subpath, gap);
    if (!this.exports.has(subpath)) throw seamMissing(subpath);
    return pathToFileURL(this.exports.file(subpath)).href;
  }

  /** The same for a CommonJS file. */
  gapOf(subpath: string, file: string): SdkGap | undefined {
    return this.gap(subpath, this.#importsOf(file, file).get(subpath));
  }

  gap(subpath: string, wanted: Pick<SdkImport, "names" | "links"> | undefined): SdkGap | undefined {
    if (!wanted) return undefined;
    const known = this.exports.has(subpath);
    if (!known) return wanted.links ? { known, lacking: [...wanted.names] } : undefined;
    const lacking = this.exports.lacking(subpath, wanted.names);
    return lacking.length > 0 ? { known, lacking } : undefined;
  }

  /**
   * A module that is the SDK's, and stand-ins. Every name in it was checked to be an identifier. What the SDK
   * itself exports stays the same object for everybody.
   */
  overlay(subpath: string, { known, lacking }: SdkGap): string {
    const real = JSON.stringify(pathToFileURL(this.exports.file(subpath)).href);
    const lines = known ? [`export*from${real};`] : [];
    if (known && this.exports.exports(subpath, "default")) lines.push(`export{default}from${real};`);
    if (lacking.length > 0) {
      lines.push(
        `import{missingName as $missing}from${JSON.stringify(pathToFileURL(this.missingNameFile).href)};`,
      );
      for (const [index, name] of lacking.entries())
        lines.push(`const $${index}=$missing(${JSON.stringify(subpath)},${JSON.stringify(name)});`);
      lines.push(`export{${lacking.map((name, index) => `$${index} as ${name}`).join()}};`);
    }
    return `data:text/javascript,${encodeURIComponent(`${lines.join("")}export{};`)}`;
  }

  get missingNameFile(): string {
    return join(this.exports.folder, "missing/missing-name.js");
  }

  /** Files are read again when they changed: a reload of a CommonJS file comes under the same name. */
  forget(): void {
    this.#imports.clear();
  }

  #importsOf(key: string, file: string): ReadonlyMap<string, SdkImport> {
    const remembered = this.#imports.get(key);
    if (remembered) return remembered;
    const imports = readImports(file);
    if (this.#imports.size >= MAX_REMEMBERED_FILES) {
      this.#imports.delete(this.#imports.keys().next().value as string);
    }
    this.#imports.set(key, imports);
    return imports;
  }
}

function readImports(file: string): ReadonlyMap<string, SdkImport> {
  try {
    if (statSync(file).size > MAX_LINKED_FILE_BYTES) return new Map();
    return sdkImports(readFileSync(file, "utf8"));
  } catch {
    // What cannot be read is not going to be linked either.
    return new Map();
  }
}

export function seamMissing(subpath: string): Error {
  return Object.assign(new Error(`this host has no SDK subpath "plugin-sdk/${subpath}"`), {
    code: "SDK_SEAM_MISSING",
    seam: subpath,
  });
}
