import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { SdkLinks } from "./sdk-links.ts";
import { RELOAD_QUERY, sdkSubpath } from "./sdk-specifier.ts";

/** What the resolution needs to know; may be sent to another thread. */
export interface ResolutionRules {
  /** Folder of the SDK files. */
  readonly sdkFolder: string;
  /** What plugins get for a module of Node that lacks names they import. */
  readonly standIns: Readonly<Record<string, string>>;
}

export interface ResolveContext {
  readonly parentURL?: string | undefined;
  readonly conditions?: readonly string[];
}

export interface ResolveResult {
  readonly url: string;
  readonly format?: string | null;
  readonly shortCircuit?: boolean;
}

/** What build tools let authors leave out of relative specifiers. */
const LEFT_OUT_ENDINGS = [".js", ".mjs", ".cjs", "/index.js", "/index.mjs", "/index.cjs"];

/**
 * How specifiers in the code of plugins are resolved, apart from what Node does. Node's hooks are synchronous
 * or not, by version; both are short calls of these steps.
 */
export class ModuleResolution {
  readonly links: SdkLinks;
  readonly #standIns: Readonly<Record<string, string>>;
  /** URL below which the host's own files lie; they import what they need from this Node. */
  readonly #host: string;

  constructor({ sdkFolder, standIns }: ResolutionRules) {
    this.links = new SdkLinks(sdkFolder);
    this.#standIns = standIns;
    this.#host = `${pathToFileURL(dirname(sdkFolder)).href}/`;
  }

  /** Answers without Node, or `undefined`. @throws an error with code `SDK_SEAM_MISSING` */
  own(specifier: string, { parentURL = "", conditions = [] }: ResolveContext): ResolveResult | undefined {
    const subpath = sdkSubpath(specifier);
    if (subpath) {
      // What is required synchronously cannot come from a URL without a file; CommonJS has its own way.
      const parent = conditions.includes("require") ? undefined : parentURL;
      return { url: this.links.url(subpath, parent), format: "module", shortCircuit: true };
    }
    const standIn = Object.hasOwn(this.#standIns, specifier) ? this.#standIns[specifier] : undefined;
    if (!standIn || !parentURL.startsWith("file:") || parentURL.startsWith(this.#host)) return undefined;
    return { url: standIn, format: "module", shortCircuit: true };
  }

  /** Like bundlers, the specifier with the ending that its author left out; `undefined` when that is not it. */
  completed(specifier: string, parentURL: string | undefined, error: unknown): string | undefined {
    if (!parentURL?.startsWith("file:") || !isLeftOut(specifier, error)) return undefined;
    const path = fileURLToPath(new URL(specifier, parentURL));
    const ending = LEFT_OUT_ENDINGS.find((candidate) => existsSync(path + candidate));
    return ending && specifier + ending;
  }

  /** Modules of a reloaded plugin are loaded anew, all the way down. */
  versioned(specifier: string, parentURL: string | undefined, result: ResolveResult): ResolveResult {
    const version = reloadVersion(parentURL);
    if (!version || !specifier.startsWith(".") || !this.#isPluginFile(result.url)) return result;
    const url = new URL(result.url);
    url.searchParams.set(RELOAD_QUERY, version);
    return { ...result, url: url.href };
  }

  /** Bundled plugins reach the host's own modules by relative paths; those are never loaded a second time. */
  #isPluginFile(url: string): boolean {
    if (!url.startsWith("file:")) return false;
    return !url.startsWith(this.#host) || url.startsWith(`${this.#host}extensions/`);
  }
}

function isLeftOut(specifier: string, error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return (
    /^\.{1,2}(?:\/|$)/.test(specifier) &&
    (code === "ERR_MODULE_NOT_FOUND" || code === "ERR_UNSUPPORTED_DIR_IMPORT")
  );
}

function reloadVersion(parentUrl: string | undefined): string | undefined {
  if (!parentUrl?.includes(RELOAD_QUERY)) return undefined;
  return new URL(parentUrl).searchParams.get(RELOAD_QUERY) ?? undefined;
}
