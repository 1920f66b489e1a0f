import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { isTypeScript } from "../discovery/entry-file.ts";
import { partsInText, preloadParts } from "./entry-parts.ts";
import { asLoadError, isUnparsable, lacksRequire } from "./load-error.ts";
import { LoadTurns } from "./load-turns.ts";
import type { ImportModule, ModuleRequest } from "./module-request.ts";
import { loadSdkOf } from "./sdk-modules.ts";
import { canHookRequire, forgetCommonJs, installSdkResolver } from "./sdk-resolver.ts";
import { RELOAD_QUERY } from "./sdk-specifier.ts";
import type { TransformCache } from "./transform-cache.ts";
import { loadTransformed, typeScriptLoad } from "./transformed.ts";

export interface ModuleLoaderOptions {
  /** `<packageRoot>/dist/plugin-sdk`. */
  readonly sdkFolder: string;
  /** Node's own `import()`; a test runner that rewrites imports hands in the real one. */
  readonly importModule?: ImportModule;
  /** Keeps what TypeScript was transformed to; without it every load transforms anew. */
  readonly transforms?: TransformCache;
}

/** How often the code behind an entry was read; one count for the process, like Node's own module cache. */
const READS = Symbol.for("sluice.module-reads");

/**
 * Loads plugin code: built JavaScript through Node itself, TypeScript through jiti, which is loaded for the
 * first plugin that needs it (spec 2.11.3). Never tries the second way after code of the first has run.
 */
export class ModuleLoader {
  /** One plugin loads after the other. */
  readonly turns = new LoadTurns();
  readonly #sdkFolder: string;
  readonly #importModule: ImportModule;
  readonly #transforms: TransformCache | undefined;

  constructor({ sdkFolder, importModule = (url) => import(url), transforms }: ModuleLoaderOptions) {
    this.#sdkFolder = sdkFolder;
    this.#importModule = importModule;
    this.#transforms = transforms;
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

  /** Adds what code of others expects of Node; before whoever watches what a plugin changes begins to look. */
  async prepare(): Promise<void> {
    if (lacksGlobals()) (await import("./polyfills.ts")).addMissingGlobals();
  }

  /** @throws SluiceError with a `LoadErrorCode` */
  async load(request: ModuleRequest): Promise<unknown> {
    return (await this.ready(request))();
  }

  /**
   * Loads what a module needs of the host. The function that is returned loads the module itself, so from then
   * on it is the plugin's own code that takes its time. Both throw a SluiceError with a `LoadErrorCode`.
   */
  async ready(request: ModuleRequest): Promise<() => Promise<unknown>> {
    const explained = async <T>(work: () => Promise<T>): Promise<T> => {
      try {
        return await work();
      } catch (error) {
        throw asLoadError(error, request.entry);
      }
    };
    const load = await explained(() => this.#ready(request));
    return () => explained(load);
  }

  async #ready(request: ModuleRequest): Promise<() => Promise<unknown>> {
    if (!request.bundled) await this.prepare();
    if (isTypeScript(request.entry)) {
      return typeScriptLoad(request, this.#transformOptions);
    }
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
      await loadSdkOf(request.realRoot, this.#sdkFolder, this.#importModule).catch(() => {});
    }
    return () => this.#loadNatively(request);
  }

  async #loadNatively(request: ModuleRequest): Promise<unknown> {
    const url = pathToFileURL(request.entry);
    if (request.version > 0) url.searchParams.set(RELOAD_QUERY, String(request.version));
    try {
      const loaded = await this.#importModule(url.href);
      if (!canHookRequire) await preloadParts(loaded, request, this.#importModule);
      return loaded;
    } catch (error) {
      // A file Node cannot even parse has not run; mixed module styles need a transform.
      if (!isUnparsable(error) && !lacksRequire(error)) throw error;
      return loadTransformed(request, this.#transformOptions);
    }
  }

  get #transformOptions() {
    return {
      sdkFolder: this.#sdkFolder,
      importModule: this.#importModule,
      transforms: this.#transforms,
    };
  }
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

function moduleReads(): Map<string, number> {
  const slots = globalThis as { [READS]?: Map<string, number> };
  slots[READS] ??= new Map();
  return slots[READS];
}
