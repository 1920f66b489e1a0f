import { access, mkdir, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { SluiceError } from "../../kernel/errors.ts";
import { packageRoot } from "../../kernel/package-root.ts";

/** Where a plugin's `tsconfig.json` finds this host's declarations; not part of the plugin, made anew anywhere. */
export const TYPES_LINK = ".sluice/tsconfig.json";

export interface LinkedTypes {
  /** The file that was written. Absolute. */
  readonly file: string;
  /** The folder of declarations it names. Absolute. */
  readonly declarations: string;
  /** False while the host has been built without declarations. */
  readonly present: boolean;
}

/**
 * Writes the file through which a plugin author's editor and compiler find `openclaw/plugin-sdk/*`. No package of
 * that name is installed, and the place of the host differs from machine to machine: hence a file of its own.
 *
 * @throws SluiceError `FOLDER_UNKNOWN`
 */
export async function linkTypes(folder: string): Promise<LinkedTypes> {
  if (!(await isFolder(folder))) {
    throw new SluiceError("FOLDER_UNKNOWN", `there is no folder ${resolve(folder)}`);
  }
  const declarations = join(packageRoot(), "dist/types/src/plugin-sdk");
  const paths: Record<string, string[]> = {};
  for (const host of ["openclaw", "sluice"]) {
    paths[`${host}/plugin-sdk`] = [join(declarations, "index.d.ts")];
    paths[`${host}/plugin-sdk/*`] = [join(declarations, "*.d.ts")];
  }
  const file = join(resolve(folder), TYPES_LINK);
  await mkdir(join(file, ".."), { recursive: true });
  await writeFile(file, `${JSON.stringify({ compilerOptions: { paths } }, null, 2)}\n`);
  const present = await access(declarations).then(
    () => true,
    () => false,
  );
  return { file, declarations, present };
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}
