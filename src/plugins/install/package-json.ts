import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { plain } from "../manifest/fields.ts";

/** The `package.json` of a folder, or another JSON file of it; undefined when there is no whole one. */
export async function readPackageJson(
  folder: string,
  name = "package.json",
): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    return plain(JSON.parse(await readFile(join(folder, name), "utf8")));
  } catch {
    return undefined;
  }
}
