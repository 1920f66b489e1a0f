import { existsSync } from "node:fs";
import * as nodeModule from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { builtinStandIns } from "./missing-builtins.ts";
import { acceptMixedModules } from "./mixed-modules.ts";
import { RELOAD_QUERY, sdkSubpath } from "./sdk-specifier.ts";

const INSTALLED = Symbol.for("sluice.sdk-resolver");

interface ResolveContext {
  parentURL?: string;
}
interface ResolveResult {
  url: string;
  format?: string | null;
  shortCircuit?: boolean;
}
type SyncResolve = (
  specifier: string,
  context: ResolveContext,
  next: (specifier: string, context?: ResolveContext) => ResolveResult,
) => ResolveResult;

type ModuleInternals = typeof nodeModule & {
  registerHooks?: (hooks: { resolve: SyncResolve }) => unknown;
  _resolveFilename?: (request: string, ...rest: unknown[]) => string;
};

/** Whether this Node lets hooks see modules that are required synchronously. */
export const canHookRequire = typeof (nodeModule as ModuleInternals).registerHooks === "function";

/**
 * Makes `openclaw/plugin-sdk/*` (and the brand's own name) resolve to this host's SDK files, for plugins
 * anywhere on disk, in ES modules and in CommonJS (spec 2.11.4). Node's module hooks belong to the process:
 * they are installed once, when the first plugin needs them, and stay.
 */
export function installSdkResolver(sdkFolder: string): void {
  const slots = globalThis as { [INSTALLED]?: Set<string> };
  slots[INSTALLED] ??= new Set();
  if (slots[INSTALLED].size > 0) return;
  slots[INSTALLED].add(sdkFolder);
  acceptMixedModules();
  const internals = nodeModule as ModuleInternals;
  const rules: Rules = {
    sdk: sdkFolder,
    host: `${pathToFileURL(dirname(sdkFolder)).href}/`,
    standIns: builtinStandIns(),
  };
  if (typeof internals.registerHooks === "function") {
    internals.registerHooks({ resolve: (...args) => resolveSync(rules, ...args) });
    return;
  }
  const source = `data:text/javascript,${encodeURIComponent(HOOK_SOURCE)}`;
  nodeModule.register(source, {
    data: {
      ...rules,
      sdk: pathToFileURL(join(sdkFolder, "x")).href.slice(0, -1),
      query: RELOAD_QUERY,
      endings: LEFT_OUT_ENDINGS,
    },
  });
  patchCommonJs(sdkFolder);
}

interface Rules {
  /** Folder of the SDK files. */
  readonly sdk: string;
  /** URL below which the host's own files lie; they import what they need from this Node. */
  readonly host: string;
  /** What plugins get for a module of Node that lacks names they import. */
  readonly standIns: Readonly<Record<string, string>>;
}

/** What build tools let authors leave out of relative specifiers. */
const LEFT_OUT_ENDINGS = [".js", ".mjs", ".cjs", "/index.js", "/index.mjs", "/index.cjs"];

function resolveSync(
  rules: Rules,
  specifier: string,
  context: ResolveContext,
  next: (specifier: string, context?: ResolveContext) => ResolveResult,
): ResolveResult {
  const subpath = sdkSubpath(specifier);
  if (subpath) return { url: pathToFileURL(sdkFile(rules.sdk, subpath)).href, shortCircuit: true };
  const parent = context.parentURL ?? "";
  const standIn = rules.standIns[specifier];
  if (standIn && parent.startsWith("file:") && !parent.startsWith(rules.host)) {
    return { url: standIn, format: "module", shortCircuit: true };
  }
  const result = resolveRelative(specifier, context, next);
  const version = reloadVersion(context.parentURL);
  if (!version || !specifier.startsWith(".") || !result.url.startsWith("file:")) return result;
  const url = new URL(result.url);
  url.searchParams.set(RELOAD_QUERY, version);
  return { ...result, url: url.href };
}

/** Like bundlers, finds the file of a relative specifier without its ending. */
function resolveRelative(
  specifier: string,
  context: ResolveContext,
  next: (specifier: string, context?: ResolveContext) => ResolveResult,
): ResolveResult {
  try {
    return next(specifier, context);
  } catch (error) {
    const parent = context.parentURL;
    if (!parent?.startsWith("file:") || !isLeftOut(specifier, error)) throw error;
    const path = fileURLToPath(new URL(specifier, parent));
    const ending = LEFT_OUT_ENDINGS.find((candidate) => existsSync(path + candidate));
    if (!ending) throw error;
    return next(specifier + ending, context);
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

/** The file of an SDK subpath. @throws an error with code `SDK_SEAM_MISSING` that names it */
export function sdkFile(sdkFolder: string, subpath: string): string {
  const file = join(sdkFolder, `${subpath}.js`);
  if (existsSync(file)) return file;
  throw Object.assign(new Error(`this host has no SDK subpath "plugin-sdk/${subpath}"`), {
    code: "SDK_SEAM_MISSING",
    seam: subpath,
  });
}

function patchCommonJs(sdkFolder: string): void {
  const internals =
    (nodeModule as unknown as { default?: ModuleInternals }).default ?? (nodeModule as ModuleInternals);
  const original = internals._resolveFilename;
  if (!original) return;
  internals._resolveFilename = function resolveFilename(this: unknown, request, ...rest) {
    const subpath = typeof request === "string" ? sdkSubpath(request) : undefined;
    return subpath ? sdkFile(sdkFolder, subpath) : original.call(this, request, ...rest);
  };
}

/**
 * The same rules for Node 20, where hooks run in a thread of their own and must be a module of their own.
 * Kept as text, so that the host stays one file.
 */
const HOOK_SOURCE = `
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
const SDK = /^(?:openclaw|sluice|OmeniaClaw)\\/plugin-sdk(?:\\/([A-Za-z0-9._-]+))?$/;
let sdk = "", query = "", host = "", standIns = {}, endings = [];
export function initialize(data) { ({ sdk, query, host, standIns, endings } = data); }
async function relative(specifier, context, next) {
  try {
    return await next(specifier, context);
  } catch (error) {
    const parent = context.parentURL || "";
    const leftOut = error.code === "ERR_MODULE_NOT_FOUND" || error.code === "ERR_UNSUPPORTED_DIR_IMPORT";
    if (!leftOut || !parent.startsWith("file:") || !/^\\.{1,2}(?:\\/|$)/.test(specifier)) throw error;
    const path = fileURLToPath(new URL(specifier, parent));
    const ending = endings.find((candidate) => existsSync(path + candidate));
    if (!ending) throw error;
    return next(specifier + ending, context);
  }
}
export async function resolve(specifier, context, next) {
  const match = SDK.exec(specifier);
  if (match) {
    const subpath = (match[1] || "index").replace(/\\.js$/, "");
    const url = sdk + subpath + ".js";
    if (existsSync(fileURLToPath(url))) return { url, format: "module", shortCircuit: true };
    throw Object.assign(new Error('this host has no SDK subpath "plugin-sdk/' + subpath + '"'), { code: "SDK_SEAM_MISSING" });
  }
  const parent = context.parentURL || "";
  const standIn = Object.hasOwn(standIns, specifier) ? standIns[specifier] : undefined;
  if (standIn && parent.startsWith("file:") && !parent.startsWith(host)) return { url: standIn, format: "module", shortCircuit: true };
  const result = await relative(specifier, context, next);
  if (!parent.includes(query) || !specifier.startsWith(".") || !result.url.startsWith("file:")) return result;
  const version = new URL(parent).searchParams.get(query);
  if (!version) return result;
  const url = new URL(result.url);
  url.searchParams.set(query, version);
  return { ...result, url: url.href };
}
`;

/** Forgets the CommonJS modules of a plugin, so that a reload reads them again. */
export function forgetCommonJs(realRoot: string): void {
  const internals = (nodeModule as unknown as { default?: { _cache?: Record<string, unknown> } }).default;
  const cache = internals?._cache ?? {};
  for (const file of Object.keys(cache)) {
    if (file.startsWith(`${realRoot}/`) && !file.includes("/node_modules/", realRoot.length))
      delete cache[file];
  }
}
