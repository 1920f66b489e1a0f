import { readdir, readFile, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { type SdkImport, sdkImports } from "./sdk-imports.ts";

const MAX_SCANNED_FILES = 500;
const MAX_SCANNED_BYTES = 8_000_000;

/** What all the files below `root` take from the SDK, by subpath. */
export async function findSdkImports(root: string): Promise<Map<string, SdkImport>> {
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
