import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { Jiti } from "jiti";
import { isTypeScript } from "../discovery/entry-file.ts";
import { loadPart, setSyncLoader } from "./entry-parts.ts";
import type { ImportModule, ModuleRequest } from "./module-request.ts";
import { sdkModulesOf } from "./sdk-modules.ts";

interface TransformOptions {
  readonly sdkFolder: string;
  readonly importModule: ImportModule;
}

/** Makes everything ready to load TypeScript; the function that is returned begins to run code of the plugin. */
export async function typeScriptLoad(
  request: ModuleRequest,
  options: TransformOptions,
): Promise<() => Promise<unknown>> {
  const jiti = await jitiFor(request, options);
  return () => jiti.import(request.entry);
}

/**
 * Transforms what is in the file now. Asked to import it, jiti would ask Node first, and Node may have a module
 * of that name from before the change.
 */
export async function loadTransformed(request: ModuleRequest, options: TransformOptions): Promise<unknown> {
  const [jiti, source] = await Promise.all([jitiFor(request, options), readFile(request.entry, "utf8")]);
  return jiti.evalModule(source, { filename: request.entry, async: true, forceTranspile: true });
}

async function jitiFor(
  { entry, realRoot }: ModuleRequest,
  { sdkFolder, importModule }: TransformOptions,
): Promise<Jiti> {
  const [{ createJiti }, virtualModules] = await Promise.all([
    import("jiti"),
    sdkModulesOf(realRoot, sdkFolder, importModule),
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
