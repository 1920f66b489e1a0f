import * as nodeModule from "node:module";
import { dirname, join } from "node:path";
import { type SdkGap, type SdkLinks, seamMissing } from "./sdk-links.ts";
import { sdkSubpath } from "./sdk-specifier.ts";

type Require = (this: { filename?: string | null } | undefined, id: string) => unknown;

interface ModuleInternals {
  prototype: { require: Require };
  _resolveFilename?: (request: string, ...rest: unknown[]) => string;
}

/**
 * Lets CommonJS files require the SDK (spec 2.11.4), and gives those that use a name which a subpath lacks
 * the completed module.
 */
export function hookRequire(links: SdkLinks): void {
  const internals = (nodeModule as unknown as { default?: ModuleInternals }).default;
  if (!internals) return;
  const original = internals.prototype.require;
  internals.prototype.require = function require(id) {
    const subpath = typeof id === "string" && id.includes("/plugin-sdk") ? sdkSubpath(id) : undefined;
    const file = this?.filename;
    const gap = subpath && file ? links.gapOf(subpath, file) : undefined;
    if (!subpath || !gap) return Reflect.apply(original, this, [id]);
    const real = gap.known ? (Reflect.apply(original, this, [id]) as object) : undefined;
    return completed(links, subpath, gap, real);
  };
}

/** Where Node's hooks do not see what is required, its own name resolution has to know the SDK. */
export function resolveRequired(links: SdkLinks): void {
  const internals = (nodeModule as unknown as { default?: ModuleInternals }).default;
  const original = internals?._resolveFilename;
  if (!internals || !original) return;
  internals._resolveFilename = function resolveFilename(this: unknown, request, ...rest) {
    const subpath = typeof request === "string" ? sdkSubpath(request) : undefined;
    if (!subpath) return original.call(this, request, ...rest);
    if (!links.exports.has(subpath)) throw seamMissing(subpath);
    return links.exports.file(subpath);
  };
}

function completed(
  links: SdkLinks,
  subpath: string,
  { elsewhere, lacking }: SdkGap,
  real: object | undefined,
): object {
  // From below node_modules: elsewhere Node warns its user about requiring ES modules.
  const near = join(dirname(links.missingNameFile), "node_modules", "stand-in.js");
  const require = nodeModule.createRequire(near);
  const exports = {};
  const define = (name: PropertyKey, from: object) => {
    const get = () => Reflect.get(from, name) as unknown;
    Object.defineProperty(exports, name, { get, enumerable: name !== "__esModule", configurable: true });
  };
  if (!real) Object.defineProperty(exports, "__esModule", { value: true });
  for (const key of Reflect.ownKeys(real ?? {})) define(key, real as object);
  for (const [name, home] of elsewhere) define(name, require(links.exports.file(home)) as object);
  if (lacking.length === 0) return exports;
  const { missingName } = require(links.missingNameFile) as {
    missingName(subpath: string, name: string): unknown;
  };
  for (const name of lacking) {
    Object.defineProperty(exports, name, { value: missingName(subpath, name), enumerable: true });
  }
  return exports;
}
