import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isInside } from "../../kernel/confine-path.ts";
import { ModuleLoader } from "../loading/load-module.ts";
import { isPlain, type Plain } from "../manifest/fields.ts";
import { authoringError } from "./create.ts";

export const MANIFEST_FILE = "openclaw.plugin.json";
export const PACKAGE_FILE = "package.json";

/** Where entries made with `defineToolPlugin` keep their static description (spec 6.4). */
const METADATA = Symbol.for("openclaw.plugin-sdk.tool-plugin.metadata");

/** The static description of a tool plugin. */
interface ToolPluginMetadata {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly activation: object;
  readonly configSchema: object;
  readonly tools: readonly { readonly name: string; readonly optional: boolean }[];
}

export interface ToolPluginFolder {
  readonly folder: string;
  /** The entry as package.json names it, `./` first. */
  readonly entry: string;
  readonly manifest: Plain | undefined;
  readonly package: Plain | undefined;
  readonly metadata: ToolPluginMetadata | undefined;
}

export interface ReadToolPlugin {
  readonly folder: string;
  readonly sdkFolder: string;
  /** Relative to the folder; default: the first of `openclaw.extensions`. */
  readonly entry?: string;
  readonly importModule?: (url: string) => Promise<unknown>;
}

/**
 * Reads a plugin folder and the description its entry carries. Imports the entry; registers nothing.
 *
 * @throws SluiceError `ENTRY_UNKNOWN`, `FOLDER_UNKNOWN` for a file that is no JSON object, or a load error
 */
export async function readToolPlugin(options: ReadToolPlugin): Promise<ToolPluginFolder> {
  const { folder, sdkFolder, importModule } = options;
  const [manifest, file] = await Promise.all([
    readObject(folder, MANIFEST_FILE),
    readObject(folder, PACKAGE_FILE),
  ]);
  const entry = options.entry ?? firstEntry(file);
  if (entry === undefined) {
    throw authoringError(
      "ENTRY_UNKNOWN",
      `${join(folder, PACKAGE_FILE)} names no "openclaw.extensions"; name the entry with --entry ./index.js`,
    );
  }
  const path = join(folder, entry);
  if (!isInside(folder, path)) throw authoringError("ENTRY_UNKNOWN", `${entry} is outside of ${folder}`);
  const loader = new ModuleLoader({ sdkFolder, ...(importModule ? { importModule } : {}) });
  const module = await loader.load({ entry: path, realRoot: folder, version: 0, bundled: false });
  return {
    folder,
    entry: entry.startsWith("./") ? entry : `./${entry}`,
    manifest,
    package: file,
    metadata: metadataOf(module),
  };
}

/** The manifest a tool plugin must have; what its author added by hand stays. */
export function manifestOf({ manifest = {}, metadata }: ToolPluginFolder): Plain | undefined {
  if (!metadata) return undefined;
  const { id, name, description, activation, configSchema, tools } = metadata;
  const contracts = isPlain(manifest["contracts"]) ? manifest["contracts"] : {};
  const optional = tools.filter((tool) => tool.optional).map((tool) => tool.name);
  const known = isPlain(manifest["toolMetadata"]) ? manifest["toolMetadata"] : {};
  const toolMetadata = {
    ...known,
    ...Object.fromEntries(
      optional.map((tool) => [tool, { ...(isPlain(known[tool]) ? known[tool] : {}), optional: true }]),
    ),
  };
  return plain({
    ...manifest,
    id,
    name,
    description,
    activation,
    configSchema,
    contracts: { ...contracts, tools: tools.map((tool) => tool.name) },
    ...(Object.keys(toolMetadata).length > 0 ? { toolMetadata } : {}),
  });
}

/** The package file with its entry named where the host looks for it; undefined without a package file. */
export function packageOf({ package: file, entry }: ToolPluginFolder): Plain | undefined {
  if (!file) return undefined;
  const block = isPlain(file["openclaw"]) ? file["openclaw"] : {};
  const named = Array.isArray(block["extensions"]) ? block["extensions"] : [];
  const extensions = named.some((one) => sameEntry(one, entry)) ? named : [entry, ...named];
  const files = file["files"];
  return {
    ...file,
    ...(Array.isArray(files) && !files.some((one) => [MANIFEST_FILE, "*", "."].includes(String(one)))
      ? { files: [...files, MANIFEST_FILE] }
      : {}),
    openclaw: { ...block, extensions },
  };
}

function firstEntry(file: Plain | undefined): string | undefined {
  const block = file?.["openclaw"];
  for (const key of ["runtimeExtensions", "extensions"]) {
    const list = isPlain(block) ? block[key] : undefined;
    const first = Array.isArray(list) ? (list[0] as unknown) : undefined;
    if (typeof first === "string" && first.trim() !== "") return first;
  }
  return undefined;
}

function sameEntry(one: unknown, other: string): boolean {
  return typeof one === "string" && one.replace(/^\.\//, "") === other.replace(/^\.\//, "");
}

function metadataOf(module: unknown): ToolPluginMetadata | undefined {
  for (let value = module, depth = 0; depth < 3; depth++) {
    if (typeof value !== "object" || value === null) return undefined;
    const found = (value as { [METADATA]?: ToolPluginMetadata })[METADATA];
    if (found) return found;
    value = (value as { default?: unknown }).default;
  }
  return undefined;
}

async function readObject(folder: string, name: string): Promise<Plain | undefined> {
  let text: string;
  try {
    text = await readFile(join(folder, name), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (isPlain(value)) return value;
  throw authoringError("FOLDER_UNKNOWN", `${join(folder, name)} is not a JSON object; repair it first`);
}

/** As it will be in the file: schemas made by a library carry symbols and undefined members. */
function plain(value: Plain): Plain {
  return JSON.parse(JSON.stringify(value)) as Plain;
}
