import { createRequire } from "node:module";
import { dirname, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { PluginApi } from "../contracts/plugin-api.ts";
import type { PluginRuntime } from "../contracts/runtime.ts";
import { SluiceError } from "../kernel/errors.ts";
import { registerChannelParts } from "./channel-core.ts";
import { rememberPluginApi } from "./routes/plugin-routes.ts";
import { emptyChannelConfigSchema } from "./schemas/build-channel-config-schema.ts";

/** One export of a module inside the plugin, relative to its entry. */
export interface BundledEntryModuleRef {
  specifier: string;
  /** Default: `default`. */
  exportName?: string;
}

/** Loads a file of the plugin synchronously; the plugin loader sets one for sources that need a transform. */
type SyncModuleLoader = (file: string) => unknown;

const LOADER = Symbol.for("sluice.plugin-sdk.sync-module-loader");
/**
 * Loads one export of another module of the same plugin, synchronously, as `register()` needs it (spec 6.6).
 *
 * @throws SluiceError `PLUGIN_ENTRY_ESCAPES` for a file outside the folder of the plugin's package,
 *   `PLUGIN_ENTRY_EXPORT_MISSING` when the module has no such export
 */
export function loadBundledEntryExportSync<T>(importMetaUrl: string, reference: BundledEntryModuleRef): T {
  const entry = fileURLToPath(importMetaUrl);
  const file = resolve(dirname(entry), reference.specifier);
  const root = packageFolder(entry);
  if (!file.startsWith(root + sep)) {
    throw new SluiceError(
      "PLUGIN_ENTRY_ESCAPES",
      `the plugin entry refers to "${reference.specifier}", which lies outside the plugin`,
      { details: { specifier: reference.specifier } },
    );
  }
  const module = loadModule(entry, file) as Record<string, unknown>;
  const name = reference.exportName ?? "default";
  const fallback =
    name === "default" ? module : (module["default"] as Record<string, unknown> | undefined)?.[name];
  const value = module[name] ?? fallback;
  if (value === undefined) {
    throw new SluiceError(
      "PLUGIN_ENTRY_EXPORT_MISSING",
      `"${reference.specifier}" of the plugin has no export "${name}"; reinstall or update the plugin`,
      { details: { specifier: reference.specifier, exportName: name } },
    );
  }
  return value as T;
}

/** Marks a channel entry with the files its parts lie in, for hosts that must load them ahead of time. */
const ENTRY_MODULES = Symbol.for("sluice.plugin-sdk.entry-modules");

function withEntryModules<Entry extends object>(
  entry: Entry,
  importMetaUrl: string,
  references: readonly (BundledEntryModuleRef | undefined)[],
): Entry {
  const folder = dirname(fileURLToPath(importMetaUrl));
  const files = references.flatMap((reference) => (reference ? [resolve(folder, reference.specifier)] : []));
  return Object.defineProperty(entry, ENTRY_MODULES, { value: [...new Set(files)], enumerable: false });
}

function loadModule(entry: string, file: string): unknown {
  const custom = (globalThis as unknown as Record<symbol, SyncModuleLoader | undefined>)[LOADER];
  return custom ? custom(file) : createRequire(entry)(file);
}

/** The folder that holds the entry's package: everything above the last `dist`, `src` or the file itself. */
function packageFolder(entry: string): string {
  const folder = dirname(entry);
  const parts = folder.split(sep);
  const built = parts.findLastIndex((part) => part === "dist" || part === "src");
  const packages = parts.lastIndexOf("node_modules");
  return built > packages + 1 ? parts.slice(0, built).join(sep) : folder;
}

export interface BundledChannelEntryOptions {
  id: string;
  name: string;
  description: string;
  importMetaUrl: string;
  plugin: BundledEntryModuleRef;
  outbound?: BundledEntryModuleRef;
  secrets?: BundledEntryModuleRef;
  configSchema?: unknown;
  runtime?: BundledEntryModuleRef;
  accountInspect?: BundledEntryModuleRef;
  features?: Record<string, boolean>;
  registerCliMetadata?(api: PluginApi): void;
  registerFull?(api: PluginApi): void;
  registerCapabilities?(api: PluginApi): void;
}

type SetRuntime = (runtime: PluginRuntime) => void;

/** A function that loads an export on first use and keeps it. */
function lazyExport<T>(
  importMetaUrl: string,
  reference: BundledEntryModuleRef | undefined,
): (() => T) | undefined {
  if (!reference) return undefined;
  let loaded: { value: T } | undefined;
  return () => {
    loaded ??= { value: loadBundledEntryExportSync<T>(importMetaUrl, reference) };
    return loaded.value;
  };
}

/**
 * Declares a channel whose parts lie in other modules of the plugin, loaded when they are needed (spec 6.6).
 * The parts that run follow from why the plugin is loaded, as with `defineChannelPluginEntry`.
 */
export function defineBundledChannelEntry(options: BundledChannelEntryOptions) {
  const { importMetaUrl } = options;
  const loadPlugin = lazyExport<{ id: string }>(importMetaUrl, options.plugin) as () => { id: string };
  const loadOutbound = lazyExport<unknown>(importMetaUrl, options.outbound);
  const loadSecrets = lazyExport<object>(importMetaUrl, options.secrets);
  const loadRuntime = lazyExport<SetRuntime>(importMetaUrl, options.runtime);
  const loadInspector = lazyExport<unknown>(importMetaUrl, options.accountInspect);
  const setChannelRuntime = loadRuntime && ((runtime: PluginRuntime) => loadRuntime()(runtime));
  let configSchema: unknown;
  const entry = {
    kind: "bundled-channel-entry" as const,
    id: options.id,
    name: options.name,
    description: options.description,
    get configSchema() {
      const given = options.configSchema;
      configSchema ??= typeof given === "function" ? given() : (given ?? emptyChannelConfigSchema().schema);
      return configSchema;
    },
    ...(options.features ? { features: options.features } : {}),
    register(api: PluginApi) {
      rememberPluginApi(api);
      registerChannelParts(api, {
        channel: () => withSecrets(loadPlugin(), loadSecrets),
        ...(setChannelRuntime ? { setRuntime: setChannelRuntime } : {}),
        ...(options.registerCliMetadata ? { registerCliMetadata: options.registerCliMetadata } : {}),
        ...(options.registerFull ? { registerFull: options.registerFull } : {}),
        ...(options.registerCapabilities ? { registerCapabilities: options.registerCapabilities } : {}),
      });
    },
    loadChannelPlugin: loadPlugin,
    ...(loadOutbound ? { loadChannelOutbound: loadOutbound } : {}),
    ...(loadSecrets ? { loadChannelSecrets: loadSecrets } : {}),
    ...(loadInspector ? { loadChannelAccountInspector: loadInspector } : {}),
    ...(setChannelRuntime ? { setChannelRuntime } : {}),
  };
  const { plugin, outbound, secrets, runtime, accountInspect } = options;
  return withEntryModules(entry, importMetaUrl, [plugin, outbound, secrets, runtime, accountInspect]);
}

/** The channel with its secret contract; a channel that already carries one keeps it. */
function withSecrets<Channel extends { id: string }>(
  channel: Channel,
  load: (() => object) | undefined,
): Channel {
  if (!load || "secrets" in channel) return channel;
  return { ...channel, secrets: load() };
}

export interface BundledChannelSetupEntryOptions {
  importMetaUrl: string;
  plugin: BundledEntryModuleRef;
  secrets?: BundledEntryModuleRef;
  runtime?: BundledEntryModuleRef;
  legacyStateMigrations?: BundledEntryModuleRef;
  legacySessionSurface?: BundledEntryModuleRef;
  registerSetupRuntime?(api: PluginApi): void;
  features?: Record<string, boolean>;
}

/** Declares the light entry that is loaded while a channel is being set up. */
export function defineBundledChannelSetupEntry(options: BundledChannelSetupEntryOptions) {
  const { importMetaUrl } = options;
  const loadPlugin = lazyExport<{ id: string }>(importMetaUrl, options.plugin) as () => { id: string };
  const loadSecrets = lazyExport<object>(importMetaUrl, options.secrets);
  const loadRuntime = lazyExport<SetRuntime>(importMetaUrl, options.runtime);
  const loadMigrations = lazyExport<unknown>(importMetaUrl, options.legacyStateMigrations);
  const loadSessions = lazyExport<unknown>(importMetaUrl, options.legacySessionSurface);
  const entry = {
    kind: "bundled-channel-setup-entry" as const,
    loadSetupPlugin: () => withSecrets(loadPlugin(), loadSecrets),
    ...(loadSecrets ? { loadSetupSecrets: loadSecrets } : {}),
    ...(loadMigrations ? { loadLegacyStateMigrationDetector: loadMigrations } : {}),
    ...(loadSessions ? { loadLegacySessionSurface: loadSessions } : {}),
    ...(loadRuntime ? { setChannelRuntime: (runtime: PluginRuntime) => loadRuntime()(runtime) } : {}),
    ...(options.registerSetupRuntime ? { registerSetupRuntime: options.registerSetupRuntime } : {}),
    ...(options.features ? { features: options.features } : {}),
  };
  return withEntryModules(entry, importMetaUrl, [options.plugin, options.secrets, options.runtime]);
}
