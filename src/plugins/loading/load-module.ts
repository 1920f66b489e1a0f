import { existsSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, extname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Jiti } from "jiti";
import { errorMessage, SluiceError } from "../../kernel/errors.ts";
import { isTypeScript } from "../discovery/entry-file.ts";
import { type SdkImport, sdkImports } from "./sdk-imports.ts";
import { SdkLinks } from "./sdk-links.ts";
import { canHookRequire, forgetCommonJs, installSdkResolver } from "./sdk-resolver.ts";
import { RELOAD_QUERY, SDK_BRANDS, sdkSpecifier, sdkSubpath } from "./sdk-specifier.ts";

export type LoadErrorCode = "PLUGIN_LOAD_FAILED" | "PLUGIN_SDK_INCOMPATIBLE";

export interface ModuleRequest {
  /** Absolute path of the entry. */
  readonly entry: string;
  readonly realRoot: string;
  /** 0 for the first load in this process; later loads read changed files again. */
  readonly version: number;
  /** Bundled plugins were built against the SDK files beside them. */
  readonly bundled: boolean;
}

export interface ModuleLoaderOptions {
  /** `<packageRoot>/dist/plugin-sdk`. */
  readonly sdkFolder: string;
  /** Node's own `import()`; a test runner that rewrites imports hands in the real one. */
  readonly importModule?: (url: string) => Promise<unknown>;
}

/** Read by the SDK's channel entries, which load further files of their plugin inside `register()`. */
const SYNC_LOADER = Symbol.for("sluice.plugin-sdk.sync-module-loader");
/** Set by the SDK's channel entries: the files they will load. */
const ENTRY_MODULES = Symbol.for("sluice.plugin-sdk.entry-modules");
/** How often the code behind an entry was read; one count for the process, like Node's own module cache. */
const READS = Symbol.for("sluice.module-reads");
/** Modules loaded ahead of time, by file; one set for the process, like Node's own module cache. */
const PRELOADED = Symbol.for("sluice.preloaded-modules");

function preloaded(): Map<string, () => unknown> {
  const slots = globalThis as { [PRELOADED]?: Map<string, () => unknown> };
  slots[PRELOADED] ??= new Map();
  return slots[PRELOADED];
}

function moduleReads(): Map<string, number> {
  const slots = globalThis as { [READS]?: Map<string, number> };
  slots[READS] ??= new Map();
  return slots[READS];
}

function loadPart(file: string, require: (file: string) => unknown): unknown {
  const part = preloaded().get(file);
  return part ? part() : require(file);
}

function setSyncLoader(load: (file: string) => unknown): void {
  (globalThis as Record<symbol, unknown>)[SYNC_LOADER] = load;
}
const MAX_SCANNED_FILES = 500;
const MAX_SCANNED_BYTES = 8_000_000;

/**
 * Loads plugin code: built JavaScript through Node itself, TypeScript through jiti, which is loaded for the
 * first plugin that needs it (spec 2.11.3). Never tries the second way after code of the first has run.
 */
export class ModuleLoader {
  readonly #sdkFolder: string;
  readonly #importModule: (url: string) => Promise<unknown>;
  #loading: Promise<unknown> = Promise.resolve();

  constructor({ sdkFolder, importModule = (url) => import(url) }: ModuleLoaderOptions) {
    this.#sdkFolder = sdkFolder;
    this.#importModule = importModule;
  }

  /**
   * The version to load an entry in: `anew` is one that was never loaded in this process, because Node keeps
   * what it once read, failures too; otherwise the newest there is.
   */
  versionOf(entry: string, anew: boolean): number {
    const reads = moduleReads();
    const last = reads.get(entry);
    const version = last === undefined ? 0 : anew ? last + 1 : last;
    reads.set(entry, version);
    return version;
  }

  /**
   * Runs one load after the other. Plugins share the SDK's modules, and what one requires synchronously,
   * Node cannot hand out while the import of another is still linking it; on Node 20 such a module is lost
   * for the whole process.
   */
  alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = async () => {
      // What waits is served between one plugin and the next.
      await new Promise(setImmediate);
      return work();
    };
    const next = this.#loading.then(turn);
    this.#loading = next.then(
      () => {},
      () => {},
    );
    return next;
  }

  /** Adds what code of others expects of Node; before whoever watches what a plugin changes begins to look. */
  async prepare(): Promise<void> {
    if (lacksGlobals()) (await import("./polyfills.ts")).addMissingGlobals();
  }

  /** @throws SluiceError with a {@link LoadErrorCode} */
  async load(request: ModuleRequest): Promise<unknown> {
    try {
      if (!request.bundled) await this.prepare();
      if (isTypeScript(request.entry)) return await this.#loadTypeScript(request);
      const links = !request.bundled || request.version > 0 ? installSdkResolver(this.#sdkFolder) : undefined;
      if (request.version > 0) {
        forgetCommonJs(request.realRoot);
        links?.forget();
      }
      if (!canHookRequire && !request.bundled && request.version === 0) {
        await (await import("./preload-sdk.ts")).preloadSdk(this.#sdkFolder, request.entry, partsInText);
      }
      if (request.version === 0 && (await isCommonJs(request))) {
        // What is missing only matters to who requires it.
        await this.#loadSdkOf(request.realRoot).catch(() => {});
      }
      const url = pathToFileURL(request.entry);
      if (request.version > 0) url.searchParams.set(RELOAD_QUERY, String(request.version));
      try {
        const loaded = await this.#importModule(url.href);
        if (!canHookRequire) await this.#preloadParts(loaded, request);
        return loaded;
      } catch (error) {
        // A file Node cannot even parse has not run; mixed module styles need a transform.
        if (!isUnparsable(error) && !lacksRequire(error)) throw error;
        return await this.#loadTransformed(request);
      }
    } catch (error) {
      throw asLoadError(error, request.entry);
    }
  }

  /**
   * Loads the files that a channel entry will ask for inside `register()`. Node 20 does not resolve the SDK
   * for modules that are required synchronously; they have to be there already.
   */
  async #preloadParts(loaded: unknown, { entry: path, version }: ModuleRequest): Promise<void> {
    const entry = (loaded as { default?: Record<symbol, readonly string[] | undefined> } | null)?.default;
    if (!entry?.[ENTRY_MODULES]) return;
    for (const file of new Set([...entry[ENTRY_MODULES], ...(await partsNamedIn(path))])) {
      const url = pathToFileURL(file);
      if (version > 0) url.searchParams.set(RELOAD_QUERY, String(version));
      const load = this.#importModule(url.href);
      // A part that cannot be loaded only matters to who asks for it.
      const part = await load.then(
        (module) => () => module,
        (error: unknown) => () => {
          throw error;
        },
      );
      preloaded().set(file, part);
    }
    setSyncLoader((file) => loadPart(file, createRequire(file)));
  }

  async #loadTypeScript(request: ModuleRequest): Promise<unknown> {
    return (await this.#jitiFor(request)).import(request.entry);
  }

  /**
   * Transforms what is in the file now. Asked to import it, jiti would ask Node first, and Node may have a module
   * of that name from before the change.
   */
  async #loadTransformed(request: ModuleRequest): Promise<unknown> {
    const [jiti, source] = await Promise.all([this.#jitiFor(request), readFile(request.entry, "utf8")]);
    return jiti.evalModule(source, { filename: request.entry, async: true, forceTranspile: true });
  }

  async #jitiFor({ entry, realRoot }: ModuleRequest): Promise<Jiti> {
    const [{ createJiti }, virtualModules] = await Promise.all([
      import("jiti"),
      this.#sdkModulesOf(realRoot),
    ]);
    const jiti = createJiti(entry, {
      virtualModules,
      moduleCache: false,
      fsCache: false,
      interopDefault: false,
      alias: {},
    });
    setSyncLoader((file) => (isTypeScript(file) ? jiti(file) : loadPart(file, createRequire(entry))));
    return jiti;
  }

  /**
   * Loads the SDK modules that files below `root` name. CommonJS requires some of them late, and Node can not
   * hand out one that an import elsewhere is just linking.
   */
  async #loadSdkOf(root: string): Promise<void> {
    const { exports } = new SdkLinks(this.#sdkFolder);
    const subpaths = [...(await findSdkImports(root)).keys()].filter((subpath) => exports.has(subpath));
    await Promise.all(
      subpaths.map((subpath) => this.#importModule(pathToFileURL(exports.file(subpath)).href)),
    );
  }

  /**
   * The SDK modules that sources below `root` name, by specifier: loaded natively, so that every plugin shares
   * them, with stand-ins for what this host does not provide.
   */
  async #sdkModulesOf(root: string): Promise<Record<string, unknown>> {
    const links = new SdkLinks(this.#sdkFolder);
    const modules: Record<string, unknown> = {};
    await Promise.all(
      [...(await findSdkImports(root))].map(async ([subpath, wanted]) => {
        const gap = links.gap(subpath, wanted);
        // A subpath that nobody here has and that the code can do without fails where it is asked for.
        if (!gap && !links.exports.has(subpath)) return;
        const url = gap ? links.overlay(subpath, gap) : pathToFileURL(links.exports.file(subpath)).href;
        const loaded = await this.#importModule(url);
        for (const brand of SDK_BRANDS) {
          const specifier = sdkSpecifier(brand, subpath);
          modules[specifier] = loaded;
          modules[`${specifier}.js`] = loaded;
        }
      }),
    );
    return modules;
  }
}

const PART_IN_TEXT = /\bspecifier:\s*["'](\.{1,2}\/[^"']+)["']/g;

function partsInText(text: string): string[] {
  return [...text.matchAll(PART_IN_TEXT)].map(([, specifier]) => specifier as string);
}

/** Parts that a channel entry loads by hand, in `registerFull` for one: only its text tells of them. */
async function partsNamedIn(entry: string): Promise<string[]> {
  const parts = partsInText(await readFile(entry, "utf8"));
  return parts.map((part) => resolve(dirname(entry), part)).filter((file) => existsSync(file));
}

async function isCommonJs({ entry, realRoot, bundled }: ModuleRequest): Promise<boolean> {
  const ending = extname(entry);
  if (bundled || ending === ".mjs") return false;
  if (ending === ".cjs") return true;
  const text = await readFile(join(realRoot, "package.json"), "utf8").catch(() => "");
  return text !== "" && !/"type"\s*:\s*"module"/.test(text);
}

/** Node 20 lacks globals that plugins of others rely on. */
function lacksGlobals(): boolean {
  return !("withResolvers" in Promise) || !("WebSocket" in globalThis);
}

/** What all the files below `root` take from the SDK, by subpath. */
async function findSdkImports(root: string): Promise<Map<string, SdkImport>> {
  const found = new Map<string, SdkImport>();
  const folders = [root];
  let files = 0;
  let bytes = 0;
  for (let folder = folders.pop(); folder; folder = folders.pop()) {
    for (const item of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, item.name);
      if (item.isDirectory()) {
        if (item.name !== "node_modules" && item.name !== ".git") folders.push(path);
        continue;
      }
      if (!item.isFile() || !/^\.[mc]?[tj]sx?$/.test(extname(item.name))) continue;
      const { size } = await stat(path);
      files++;
      bytes += size;
      if (files > MAX_SCANNED_FILES || bytes > MAX_SCANNED_BYTES) return found;
      for (const [subpath, one] of sdkImports(await readFile(path, "utf8"))) {
        const all = found.get(subpath);
        if (!all) found.set(subpath, one);
        else {
          for (const name of one.names) all.names.add(name);
          all.links ||= one.links;
        }
      }
    }
  }
  return found;
}

function isUnparsable(error: unknown): boolean {
  if (!(error instanceof SyntaxError)) return false;
  if (/does not provide an export named/.test(error.message)) return false;
  return /import\.meta|Cannot use import statement|Unexpected token|Unexpected strict mode|outside a module/.test(
    error.message,
  );
}

/**
 * Bundlers leave `require()` in what they write as an ES module, and a function that refuses where there is
 * none. Such a bundle stops at its first use, before it has done anything.
 */
function lacksRequire(error: unknown): boolean {
  return error instanceof Error && /^Dynamic require of "[^"]*" is not supported$/.test(error.message);
}

const MISSING_EXPORT = /requested module '([^']+)' does not provide an export named '([^']+)'/;

function asLoadError(error: unknown, entry: string): SluiceError<LoadErrorCode> {
  const message = errorMessage(error);
  const code = (error as { code?: unknown } | null)?.code;
  const missing = MISSING_EXPORT.exec(message);
  const missingSubpath = missing ? sdkSubpath(missing[1] as string) : undefined;
  const seam = missing && missingSubpath ? `${missingSubpath}#${missing[2]}` : undefined;
  if (code === "SDK_SEAM_MISSING" || seam || /no SDK subpath/.test(message)) {
    return new SluiceError(
      "PLUGIN_SDK_INCOMPATIBLE",
      seam
        ? `this host's SDK has no "${seam}"; update the plugin or Sluice`
        : `${message}; update the plugin or Sluice`,
      { cause: error, details: { entry, seam: seam ?? (error as { seam?: string }).seam } },
    );
  }
  if (code === "ERR_UNKNOWN_BUILTIN_MODULE" || missing?.[1]?.startsWith("node:")) {
    const what = missing ? `"${missing[2]}" of ${missing[1]}` : message;
    return new SluiceError(
      "PLUGIN_LOAD_FAILED",
      `loading ${entry} failed: it needs ${what}, which Node ${process.version} lacks; run the gateway on a newer Node`,
      { cause: error, details: { entry } },
    );
  }
  const hint =
    code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND"
      ? "; its packages are not installed: run npm install in its folder, or sluice plugins update when it came from npm"
      : "";
  return new SluiceError("PLUGIN_LOAD_FAILED", `loading ${entry} failed: ${message}${hint}`, {
    cause: error,
    details: { entry },
  });
}
