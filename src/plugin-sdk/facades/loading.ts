import { currentHost } from "../ambient/host.ts";

/** A public file of a plugin. */
export interface SurfaceParams {
  /** The plugin's id; `dirName`, the name of a bundled plugin's folder, is the same. */
  pluginId?: string;
  dirName?: string;
  /** `api.js`, `contract-api.js`, `runtime-api.js`, `index.js` or `setup-entry.js`; the ending may be left out. */
  artifactBasename: string;
}

export interface SurfaceRequest {
  pluginId: string;
  surface: string;
  activated?: boolean;
}

/**
 * Loads a public file of a plugin. In a gateway its running plugins and configuration decide whether that may
 * be; without one, the configuration file does, and it is what `getRuntimeConfig()` gives the loaded code.
 *
 * @throws for an unknown plugin, one that is turned off or blocked, and a file that is not public or not built
 */
export function loadBundledPluginPublicSurfaceModule<Module extends object>(
  params: SurfaceParams,
): Promise<Module> {
  return load(params, false) as Promise<Module>;
}

/** The same, only while the plugin is on. */
export function loadActivatedBundledPluginPublicSurfaceModule<Module extends object>(
  params: SurfaceParams,
): Promise<Module> {
  return load(params, true) as Promise<Module>;
}

/** The file of a plugin that is on and has it; `null` when it is off, missing or has no such file. */
export async function tryLoadActivatedBundledPluginPublicSurfaceModule<Module extends object>(
  params: SurfaceParams,
): Promise<Module | null> {
  try {
    return await loadActivatedBundledPluginPublicSurfaceModule<Module>(params);
  } catch (error) {
    if (ABSENT.has(String((error as { code?: unknown }).code))) return null;
    throw error;
  }
}

const ABSENT = new Set([
  "FACADE_PLUGIN_UNKNOWN",
  "FACADE_PLUGIN_BLOCKED",
  "FACADE_PLUGIN_INACTIVE",
  "FACADE_SURFACE_MISSING",
]);

async function load(params: SurfaceParams, activated: boolean): Promise<object> {
  const pluginId = params.pluginId ?? params.dirName;
  if (!pluginId) throw new Error("a surface needs pluginId or dirName");
  const request = { pluginId, surface: params.artifactBasename, activated };
  const services = currentHost()?.services;
  if (services) return services.facade(request);
  const { loadOffline } = await import("./offline.ts");
  return loadOffline(request);
}
