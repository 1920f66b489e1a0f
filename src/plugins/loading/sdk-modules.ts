import { pathToFileURL } from "node:url";
import { SDK_BRANDS } from "../brands.ts";
import { findSdkImports } from "./find-sdk-imports.ts";
import type { ImportModule } from "./module-request.ts";
import { SdkLinks } from "./sdk-links.ts";
import { sdkSpecifier } from "./sdk-specifier.ts";

/**
 * Loads the SDK modules that files below `root` name. CommonJS requires some of them late, and Node can not
 * hand out one that an import elsewhere is just linking.
 */
export async function loadSdkOf(root: string, sdkFolder: string, importModule: ImportModule): Promise<void> {
  const { exports } = new SdkLinks(sdkFolder);
  const subpaths = [...(await findSdkImports(root)).keys()].filter((subpath) => exports.has(subpath));
  await Promise.all(subpaths.map((subpath) => importModule(pathToFileURL(exports.file(subpath)).href)));
}

/**
 * The SDK modules that sources below `root` name, by specifier: loaded natively, so that every plugin shares
 * them, with stand-ins for what this host does not provide.
 */
export async function sdkModulesOf(
  root: string,
  sdkFolder: string,
  importModule: ImportModule,
): Promise<Record<string, unknown>> {
  const links = new SdkLinks(sdkFolder);
  const modules: Record<string, unknown> = {};
  await Promise.all(
    [...(await findSdkImports(root))].map(async ([subpath, wanted]) => {
      const gap = links.gap(subpath, wanted);
      // A subpath that nobody here has and that the code can do without fails where it is asked for.
      if (!gap && !links.exports.has(subpath)) return;
      const url = gap ? links.overlay(subpath, gap) : pathToFileURL(links.exports.file(subpath)).href;
      const loaded = await importModule(url);
      for (const brand of SDK_BRANDS) {
        const specifier = sdkSpecifier(brand, subpath);
        modules[specifier] = loaded;
        modules[`${specifier}.js`] = loaded;
      }
    }),
  );
  return modules;
}
