import * as nodeModule from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { builtinStandIns } from "./missing-builtins.ts";
import { acceptMixedModules } from "./mixed-modules.ts";
import {
  ModuleResolution,
  type ResolutionRules,
  type ResolveContext,
  type ResolveResult,
} from "./module-resolution.ts";
import { hookRequire, resolveRequired } from "./require-sdk.ts";
import type { SdkLinks } from "./sdk-links.ts";

const INSTALLED = Symbol.for("sluice.sdk-resolver");

type SyncNext = (specifier: string, context: ResolveContext) => ResolveResult;
type SyncResolve = (specifier: string, context: ResolveContext, next: SyncNext) => ResolveResult;

type ModuleInternals = typeof nodeModule & {
  registerHooks?: (hooks: { resolve: SyncResolve }) => unknown;
};

/** Whether this Node lets hooks see modules that are required synchronously. */
export const canHookRequire = typeof (nodeModule as ModuleInternals).registerHooks === "function";

/**
 * Makes `openclaw/plugin-sdk/*` (and the brand's own name) resolve to this host's SDK files, for plugins
 * anywhere on disk, in ES modules and in CommonJS (spec 2.11.4). Node's module hooks belong to the process:
 * they are installed once, when the first plugin needs them, and stay. Returns what they link.
 */
export function installSdkResolver(sdkFolder: string): SdkLinks {
  const slots = globalThis as { [INSTALLED]?: SdkLinks };
  slots[INSTALLED] ??= install(sdkFolder);
  return slots[INSTALLED];
}

function install(sdkFolder: string): SdkLinks {
  acceptMixedModules();
  const rules: ResolutionRules = { sdkFolder, standIns: builtinStandIns() };
  const resolution = new ModuleResolution(rules);
  const internals = nodeModule as ModuleInternals;
  if (internals.registerHooks) {
    internals.registerHooks({ resolve: (...args) => resolveSync(resolution, ...args) });
  } else {
    nodeModule.register(pathToFileURL(join(dirname(sdkFolder), "workers/module-hooks.mjs")), { data: rules });
    resolveRequired(resolution.links);
  }
  hookRequire(resolution.links);
  return resolution.links;
}

function resolveSync(
  resolution: ModuleResolution,
  specifier: string,
  context: ResolveContext,
  next: SyncNext,
): ResolveResult {
  const own = resolution.own(specifier, context);
  if (own) return own;
  let result: ResolveResult;
  try {
    result = next(specifier, context);
  } catch (error) {
    const completed = resolution.completed(specifier, context.parentURL, error);
    if (!completed) throw error;
    result = next(completed, context);
  }
  return resolution.versioned(specifier, context.parentURL, result);
}

/** Forgets the CommonJS modules of a plugin, so that a reload reads them again. */
export function forgetCommonJs(realRoot: string): void {
  const internals = (nodeModule as unknown as { default?: { _cache?: Record<string, unknown> } }).default;
  const cache = internals?._cache ?? {};
  for (const file of Object.keys(cache)) {
    if (file.startsWith(`${realRoot}/`) && !file.includes("/node_modules/", realRoot.length))
      delete cache[file];
  }
}
