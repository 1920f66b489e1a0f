import { SluiceError } from "../../kernel/errors.ts";
import { OFF_BY_DEFAULT } from "../activation/decide.ts";
import { isTypeScript } from "../discovery/entry-file.ts";
import { checkPathGates } from "../discovery/gates.ts";
import type { ModuleLoader } from "../loading/load-module.ts";
import type { KnownPlugin, PluginMetadataSnapshot } from "../snapshot.ts";
import { surfaceFile, surfaceName } from "./surface.ts";

export type FacadeErrorCode =
  | "FACADE_SURFACE_PRIVATE"
  | "FACADE_PLUGIN_UNKNOWN"
  | "FACADE_PLUGIN_BLOCKED"
  | "FACADE_PLUGIN_INACTIVE"
  | "FACADE_SURFACE_MISSING"
  | "FACADE_SURFACE_UNSAFE";

export interface FacadeRequest {
  /** An id, or an older name of the plugin. */
  readonly pluginId: string;
  /** `api`, `contract-api`, `runtime-api`, `index`, `setup-entry`; an ending like `.js` may follow. */
  readonly surface: string;
  /** Only while the plugin is on. Without it a bundled plugin that is off by default may be asked too. */
  readonly activated?: boolean;
}

type Loads = Map<string, Promise<object>>;

/**
 * Loads public files of plugins for others (spec 6.9). The manifest registry says where a plugin lies and
 * whether it may be used; its files go through the same gates and the same loader as its entry. What was
 * loaded is kept as long as the metadata it was found by.
 */
export class Facades {
  readonly #loader: ModuleLoader;
  readonly #loaded = new WeakMap<PluginMetadataSnapshot, Loads>();

  constructor(loader: ModuleLoader) {
    this.#loader = loader;
  }

  /**
   * The surface's module. `versionOf` says in which version the plugin itself runs, so that both share modules.
   *
   * @throws SluiceError with a {@link FacadeErrorCode}, or what loading the file throws
   */
  async load(
    snapshot: PluginMetadataSnapshot,
    request: FacadeRequest,
    versionOf: (pluginId: string) => number,
  ): Promise<object> {
    const name = surfaceName(request.surface);
    if (!name) {
      throw failure(
        "FACADE_SURFACE_PRIVATE",
        `"${request.surface.slice(0, 100)}" is no public file of a plugin; public are api, *-api, index and setup-entry`,
        request,
      );
    }
    const known = permitted(snapshot, request);
    const version = versionOf(known.candidate.id);
    const loads = this.#loads(snapshot);
    const key = JSON.stringify([known.candidate.id, name, version]);
    const loading = loads.get(key) ?? this.#import(known, name, version, request);
    loads.set(key, loading);
    try {
      return await loading;
    } catch (error) {
      // The file may be built or repaired before somebody asks again.
      if (loads.get(key) === loading) loads.delete(key);
      throw error;
    }
  }

  #loads(snapshot: PluginMetadataSnapshot): Loads {
    const known = this.#loaded.get(snapshot) ?? new Map();
    this.#loaded.set(snapshot, known);
    return known;
  }

  async #import(
    { candidate }: KnownPlugin,
    name: string,
    version: number,
    request: FacadeRequest,
  ): Promise<object> {
    const { origin, realRoot } = candidate;
    const file = await surfaceFile(candidate, name);
    const packaged = origin === "bundled" || realRoot.includes("/node_modules/");
    if (!file || (packaged && isTypeScript(file))) {
      const why = file ? "has it as source only; build the plugin" : "does not have it";
      throw failure("FACADE_SURFACE_MISSING", `"${candidate.id}" ${why}: ${name}`, request);
    }
    const refusal = await checkPathGates(origin, realRoot, [file]);
    if (refusal) throw failure("FACADE_SURFACE_UNSAFE", refusal.message, request, refusal.code);
    const module = await this.#loader.load({ entry: file, realRoot, version, bundled: origin === "bundled" });
    return module as object;
  }
}

/** The plugin, when it is there, sound, and nobody turned it off. */
function permitted(snapshot: PluginMetadataSnapshot, request: FacadeRequest): KnownPlugin {
  const known = snapshot.find(request.pluginId);
  if (known?.candidate.format !== "openclaw" || !known.candidate.manifest) {
    const hint = "see sluice plugins list, or install it with sluice plugins install";
    throw failure("FACADE_PLUGIN_UNKNOWN", `there is no plugin "${request.pluginId}"; ${hint}`, request);
  }
  const { candidate, decision } = known;
  const broken = candidate.diagnostics.find(({ level }) => level === "error");
  const blocked = candidate.blocked ?? broken?.code;
  if (blocked) {
    const what = broken?.message ?? blocked;
    throw failure("FACADE_PLUGIN_BLOCKED", `"${candidate.id}" may not be loaded: ${what}`, request, blocked);
  }
  if (decision.enabled) return known;
  const message = `"${candidate.id}" is off: ${decision.reason}; run sluice plugins enable ${candidate.id}`;
  if (decision.reason !== OFF_BY_DEFAULT) throw failure("FACADE_PLUGIN_BLOCKED", message, request);
  if (request.activated) throw failure("FACADE_PLUGIN_INACTIVE", message, request);
  return known;
}

function failure(
  code: FacadeErrorCode,
  message: string,
  { pluginId, surface }: FacadeRequest,
  reason?: string,
): SluiceError<FacadeErrorCode> {
  return new SluiceError(code, message, {
    details: { pluginId, surface, ...(reason === undefined ? {} : { reason }) },
  });
}
