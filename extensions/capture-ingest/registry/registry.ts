import { lstat, readdir, readFile, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { isInside } from "sluice/plugin-sdk/foundation";
import { MAX_CAPTURE_PLUGINS, MAX_MANIFEST_BYTES } from "../contract/limits.ts";
import { higherSensitivity, type Sensitivity, sourceType } from "../contract/source-types.ts";
import type { SourceRecord } from "../ledger/records.ts";
import { CATALOGUE, type CataloguePlugin, listedState } from "./catalogue.ts";
import { type CaptureManifest, type PluginState, readManifest } from "./manifest.ts";

export interface InvalidPlugin {
  dir: string;
  errors: string[];
}

/** One row of `GET /api/v1/plugins`. */
export interface ListedPlugin extends Omit<CaptureManifest, "state" | "dedupe_scope" | "enabled"> {
  /** The higher of the manifest's and its source types'. */
  sensitivity: Sensitivity;
  status: "registered" | "unregistered";
  state: PluginState | null;
  last_seen?: string;
  events_stored?: number;
}

export interface PluginListing {
  plugins: ListedPlugin[];
  invalid: InvalidPlugin[];
  catalogue: readonly CataloguePlugin[];
}

/** The capture plugins whose manifests lie in one folder, read once at start (spec 5.9). */
export class CaptureRegistry {
  readonly #manifests: ReadonlyMap<string, CaptureManifest>;
  readonly invalid: readonly InvalidPlugin[];

  private constructor(manifests: ReadonlyMap<string, CaptureManifest>, invalid: readonly InvalidPlugin[]) {
    this.#manifests = manifests;
    this.invalid = invalid;
  }

  /** Reads `<folder>/<plugin>/plugin.json`, one level deep. A folder that does not exist holds none. */
  static async read(folder: string): Promise<CaptureRegistry> {
    const manifests = new Map<string, CaptureManifest>();
    const invalid: InvalidPlugin[] = [];
    const names = await readdir(folder).catch(() => [] as string[]);
    const sorted = names.sort();
    for (const dir of sorted.slice(0, MAX_CAPTURE_PLUGINS)) {
      const read = await readPlugin(folder, dir);
      if (read === undefined) continue;
      if ("errors" in read) invalid.push({ dir, errors: read.errors });
      else if (manifests.has(read.manifest.id))
        invalid.push({ dir, errors: [`id: another folder holds "${read.manifest.id}" already`] });
      else manifests.set(read.manifest.id, read.manifest);
    }
    for (const dir of sorted.slice(MAX_CAPTURE_PLUGINS))
      invalid.push({ dir, errors: [`only ${MAX_CAPTURE_PLUGINS} plugins are read`] });
    return new CaptureRegistry(manifests, invalid);
  }

  get(id: string): CaptureManifest | undefined {
    return this.#manifests.get(id);
  }

  /** Manifests and every program that posted, sorted by id. */
  list(sources: readonly SourceRecord[]): PluginListing {
    const plugins = new Map<string, ListedPlugin>();
    for (const manifest of this.#manifests.values()) plugins.set(manifest.id, listedManifest(manifest));
    for (const source of sources) {
      let plugin = plugins.get(source.plugin_id);
      if (!plugin) {
        plugin = unregistered(source);
        plugins.set(plugin.id, plugin);
      }
      if (plugin.status === "unregistered") extend(plugin, source);
      const seen = new Date(source.last_seen).toISOString();
      if (plugin.last_seen === undefined || seen > plugin.last_seen) plugin.last_seen = seen;
      plugin.events_stored = (plugin.events_stored ?? 0) + source.stored;
    }
    return {
      plugins: [...plugins.values()].sort((a, b) => (a.id < b.id ? -1 : 1)),
      invalid: [...this.invalid],
      catalogue: CATALOGUE,
    };
  }
}

/** What `sluice capture plugins check <folder>` reports: the reading of one plugin's folder. */
export async function checkPluginFolder(
  folder: string,
): Promise<{ manifest: CaptureManifest } | { errors: string[] }> {
  const read = await readPlugin(folder, ".");
  return read ?? { errors: ["plugin.json: missing"] };
}

async function readPlugin(folder: string, dir: string) {
  const file = join(folder, dir, "plugin.json");
  try {
    if ((await lstat(file)).isSymbolicLink() || dir !== ".") {
      const [real, root] = await Promise.all([realpath(file), realpath(folder)]);
      if (!isInside(root, real)) return { errors: ["plugin.json: leaves the plugins folder through a link"] };
    }
    const { size } = await stat(file);
    if (size > MAX_MANIFEST_BYTES)
      return { errors: [`plugin.json: larger than ${MAX_MANIFEST_BYTES} bytes`] };
    return readManifest(await readFile(file, "utf8"));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    return { errors: [`plugin.json: cannot be read (${code ?? (error as Error).message})`] };
  }
}

function listedManifest(manifest: CaptureManifest): ListedPlugin {
  const { id, name, version, platform, source_types, requires_permissions, config_schema } = manifest;
  const sensitivity = source_types
    .map((type) => sourceType(type)?.sensitivity ?? "LOW")
    .reduce(higherSensitivity, manifest.sensitivity);
  return {
    id,
    name,
    version,
    platform,
    source_types,
    sensitivity,
    requires_permissions,
    config_schema,
    status: "registered",
    state: listedState(id) ?? manifest.state,
  };
}

function unregistered(source: SourceRecord): ListedPlugin {
  return {
    id: source.plugin_id,
    name: source.plugin_id,
    version: source.plugin_version,
    platform: [],
    source_types: [],
    sensitivity: "LOW",
    requires_permissions: [],
    config_schema: {},
    status: "unregistered",
    state: listedState(source.plugin_id) ?? null,
  };
}

function extend(plugin: ListedPlugin, source: SourceRecord): void {
  if (!plugin.platform.includes(source.platform)) plugin.platform.push(source.platform);
  if (!plugin.source_types.includes(source.source_type)) plugin.source_types.push(source.source_type);
  const type = sourceType(source.source_type);
  if (type) plugin.sensitivity = higherSensitivity(plugin.sensitivity, type.sensitivity);
}
