import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Plain } from "../manifest/fields.ts";
import { authoringError } from "./create.ts";
import {
  MANIFEST_FILE,
  manifestOf,
  PACKAGE_FILE,
  packageOf,
  type ReadToolPlugin,
  readToolPlugin,
} from "./tool-manifest.ts";

export interface BuildRequest extends ReadToolPlugin {
  /** Writes nothing and fails when something would be written. */
  readonly check?: boolean;
}

export interface BuiltPlugin {
  readonly id: string;
  readonly folder: string;
  readonly tools: readonly string[];
  /** Files that were written; empty when everything was so already. */
  readonly written: readonly string[];
}

/**
 * Writes the manifest of a plugin made with `defineToolPlugin` from what its code says, and names its entry in
 * package.json (spec 6.4).
 *
 * @throws SluiceError `NOT_A_TOOL_PLUGIN`, `MANIFEST_STALE` with `check`, or what reading it throws
 */
export async function buildPlugin(request: BuildRequest): Promise<BuiltPlugin> {
  const folder = resolve(request.folder);
  const found = await readToolPlugin({ ...request, folder });
  const manifest = manifestOf(found);
  if (!manifest || !found.metadata) {
    throw authoringError(
      "NOT_A_TOOL_PLUGIN",
      `${found.entry} is not made with defineToolPlugin; write its ${MANIFEST_FILE} by hand and try: sluice plugins validate`,
    );
  }
  const stale: [string, Plain][] = [];
  if (!isDeepStrictEqual(found.manifest, manifest)) stale.push([MANIFEST_FILE, manifest]);
  const file = packageOf(found);
  if (file && !isDeepStrictEqual(found.package, file)) stale.push([PACKAGE_FILE, file]);
  const names = stale.map(([name]) => name);
  if (request.check && names.length > 0) {
    throw authoringError(
      "MANIFEST_STALE",
      `${names.join(" and ")} no longer say what the code says; run: sluice plugins build`,
    );
  }
  for (const [name, value] of stale) {
    await writeFile(join(folder, name), `${JSON.stringify(value, null, 2)}\n`);
  }
  const { id, tools } = found.metadata;
  return { id, folder, tools: tools.map(({ name }) => name), written: names };
}
