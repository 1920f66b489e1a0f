import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { SdkExports } from "./sdk-exports.ts";
import { type SdkImport, sdkImports } from "./sdk-imports.ts";

/** Larger files are linked against the SDK as it is. */
export const MAX_LINKED_FILE_BYTES = 16_000_000;
/** Files whose imports are remembered; all imports of one file are resolved one after the other. */
const MAX_REMEMBERED_FILES = 64;

/** What a file takes from a subpath and that subpath cannot give. */
export interface SdkGap {
  /** False where this host has no such subpath at all. */
  readonly known: boolean;
  /** Names that another subpath provides, by name. */
  readonly elsewhere: ReadonlyMap<string, string>;
  /** Names that stand-ins take the place of. */
  readonly lacking: readonly string[];
}

/**
 * Decides what an import of the SDK becomes: the SDK's own module, or, for a file that names what that does not
 * provide, the module completed for it: with the name from the subpath where this host keeps it, or with a
 * stand-in that throws when it is used (spec 2.11.4). Works on the text of the importing file, at the moment it is linked, so that it holds for
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
    if (!known && !wanted.links) return undefined;
    const elsewhere = new Map<string, string>();
    const lacking: string[] = [];
    for (const name of wanted.names) {
      const source = this.exports.sourceOf(subpath, name);
      if (typeof source === "object") elsewhere.set(name, source.subpath);
      else if (source === "unknown") lacking.push(name);
    }
    return known && elsewhere.size === 0 && lacking.length === 0 ? undefined : { known, elsewhere, lacking };
  }

  /**
   * A module that is the SDK's own and what completes it. Every name in it was checked to be an identifier. What
   * the SDK exports stays the same object for everybody.
   */
  overlay(subpath: string, { known, elsewhere, lacking }: SdkGap): string {
    const real = this.#literalUrl(subpath);
    const lines = known ? [`export*from${real};`] : [];
    if (known && this.exports.sourceOf(subpath, "default") === "own")
      lines.push(`export{default}from${real};`);
    for (const [name, home] of elsewhere) lines.push(`export{${name}}from${this.#literalUrl(home)};`);
    if (lacking.length > 0) {
      const missing = JSON.stringify(pathToFileURL(this.missingNameFile).href);
      lines.push(`import{missingName as $missing}from${missing};`);
      for (const [index, name] of lacking.entries())
        lines.push(`const $${index}=$missing(${JSON.stringify(subpath)},${JSON.stringify(name)});`);
      lines.push(`export{${lacking.map((name, index) => `$${index} as ${name}`).join()}};`);
    }
    return `data:text/javascript,${encodeURIComponent(`${lines.join("")}export{};`)}`;
  }

  #literalUrl(subpath: string): string {
    return JSON.stringify(pathToFileURL(this.exports.file(subpath)).href);
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
