import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Jiti, JitiOptions } from "jiti";
import { packageRoot } from "../../kernel/package-root.ts";
import { isTypeScript } from "../discovery/entry-file.ts";
import { loadPart, setSyncLoader } from "./entry-parts.ts";
import type { ImportModule, ModuleRequest } from "./module-request.ts";
import { sdkModulesOf } from "./sdk-modules.ts";
import type { TransformCache } from "./transform-cache.ts";

interface TransformOptions {
  readonly sdkFolder: string;
  readonly importModule: ImportModule;
  /** Without it everything is transformed anew. */
  readonly transforms: TransformCache | undefined;
}

/** Makes everything ready to load TypeScript; the function that is returned begins to run code of the plugin. */
export async function typeScriptLoad(
  request: ModuleRequest,
  options: TransformOptions,
): Promise<() => Promise<unknown>> {
  const jiti = await jitiFor(request, options);
  return () => jiti.import(request.entry).finally(() => void options.transforms?.tidy());
}

/**
 * Transforms what is in the file now. Asked to import it, jiti would ask Node first, and Node may have a module
 * of that name from before the change.
 */
export async function loadTransformed(request: ModuleRequest, options: TransformOptions): Promise<unknown> {
  const [jiti, source] = await Promise.all([jitiFor(request, options), readFile(request.entry, "utf8")]);
  try {
    return await jiti.evalModule(source, { filename: request.entry, async: true, forceTranspile: true });
  } finally {
    void options.transforms?.tidy();
  }
}

async function jitiFor(
  { entry, realRoot }: ModuleRequest,
  { sdkFolder, importModule, transforms }: TransformOptions,
): Promise<Jiti> {
  const [{ createJiti }, virtualModules] = await Promise.all([
    import("jiti"),
    sdkModulesOf(realRoot, sdkFolder, importModule),
  ]);
  // Its own cache would serve damaged entries and fail when the disk is full.
  const plain: JitiOptions = { moduleCache: false, fsCache: false, interopDefault: false, alias: {} };
  const { transform } = createJiti(entry, plain).options;
  const compiler = jitiName();
  const cached = transform && compiler && transforms?.around(compiler, transform);
  const jiti = createJiti(entry, { ...plain, virtualModules, ...(cached ? { transform: cached } : {}) });
  setSyncLoader((file) => (isTypeScript(file) ? jiti(file) : loadPart(file, createRequire(entry))));
  return jiti;
}

/** Its version is part of it; undefined when nobody can tell which one this is. */
function jitiName(): string | undefined {
  try {
    const require = createRequire(join(packageRoot(), "package.json"));
    return `jiti ${(require("jiti/package.json") as { version: string }).version}`;
  } catch {
    return undefined;
  }
}
