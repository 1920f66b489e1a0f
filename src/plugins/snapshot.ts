import type { PluginManifest } from "../contracts/manifest.ts";
import { deepFreeze } from "../kernel/safe-json.ts";
import { type ActivationDecision, decideActivation, idsOf } from "./activation/decide.ts";
import {
  entryOf,
  type PluginEntrySettings,
  type PluginSettings,
  readPluginSettings,
} from "./activation/plugin-settings.ts";
import { applySlots } from "./activation/slots.ts";
import type { DiagnosticCode } from "./diagnostic-codes.ts";
import { type PluginCandidate, policyId } from "./discovery/candidate.ts";
import type { DiscoveryResult } from "./discovery/discover.ts";
import type { PluginDiagnostic } from "./types.ts";

/** One plugin as configuration and metadata leave it, before any of its code runs. */
export interface KnownPlugin {
  readonly candidate: PluginCandidate;
  readonly decision: ActivationDecision;
  readonly memorySelected: boolean;
  readonly contextEngineSelected: boolean;
  readonly entry: PluginEntrySettings;
  /** Position in load order. */
  readonly slot: number;
}

/** Who owns what, from manifests alone. Disabled plugins are included. */
export interface OwnerMaps {
  readonly channels: ReadonlyMap<string, readonly string[]>;
  readonly providers: ReadonlyMap<string, readonly string[]>;
  readonly cliBackends: ReadonlyMap<string, readonly string[]>;
  readonly setupProviders: ReadonlyMap<string, readonly string[]>;
  readonly commandAliases: ReadonlyMap<string, readonly string[]>;
  readonly cliCommands: ReadonlyMap<string, readonly string[]>;
  /** Providers and aliases whose models a manifest lists. */
  readonly modelCatalogProviders: ReadonlyMap<string, readonly string[]>;
  /** By `<contract key>:<name>`. */
  readonly contracts: ReadonlyMap<string, readonly string[]>;
}

/**
 * Everything known of plugins at one configuration: a frozen value that is replaced when the configuration or
 * the inventory changes, never mutated and never expired by a clock (spec 2.9). It holds no module objects.
 */
export interface PluginMetadataSnapshot {
  readonly plugins: readonly KnownPlugin[];
  readonly settings: PluginSettings;
  readonly owners: OwnerMaps;
  /** Of the plugins that may run, in load order. */
  readonly enabledManifests: readonly PluginManifest[];
  readonly diagnostics: readonly PluginDiagnostic[];
  readonly missingPaths: readonly string[];
  /** What a caller compares before using a snapshot for another purpose. */
  readonly inputs: { readonly loadPaths: readonly string[]; readonly workspaceDir: string | undefined };
  find(id: string): KnownPlugin | undefined;
  /** The current id for any older or differently cased spelling. */
  normaliseId(id: string): string;
}

export function buildSnapshot(
  discovery: DiscoveryResult,
  config: Readonly<Record<string, unknown>>,
  workspaceDir: string | undefined,
): PluginMetadataSnapshot {
  const settings = readPluginSettings(config);
  const diagnostics: PluginDiagnostic[] = [...discovery.diagnostics];
  const plugins = discovery.candidates.map((candidate, slot): KnownPlugin => {
    const decision = decideActivation({ candidate, settings, config, platform: process.platform });
    const slots = applySlots(candidate, decision, settings);
    return Object.freeze({ candidate, ...slots, entry: entryOf(settings, idsOf(candidate)), slot });
  });
  const byId = new Map<string, KnownPlugin>();
  for (const plugin of plugins)
    for (const id of idsOf(plugin.candidate)) {
      if (!byId.has(policyId(id))) byId.set(policyId(id), plugin);
    }
  for (const plugin of plugins) byId.set(policyId(plugin.candidate.id), plugin);
  const find = (id: string) => byId.get(policyId(id));
  diagnostics.push(...configDiagnostics(settings, plugins, find, discovery.missingPaths.length > 0));
  diagnostics.push(...provenanceDiagnostics(plugins, new Set(discovery.installed)));
  let owners: OwnerMaps | undefined;
  const enabledManifests = plugins.flatMap(({ candidate, decision }) =>
    decision.enabled && !candidate.blocked && candidate.manifest ? [candidate.manifest] : [],
  );
  return Object.freeze({
    plugins: Object.freeze(plugins),
    settings,
    enabledManifests: Object.freeze(enabledManifests),
    // Manifests may name thousands of things, and few looks at them need to know whose.
    get owners() {
      owners ??= ownersOf(plugins);
      return owners;
    },
    diagnostics: deepFreeze(diagnostics),
    missingPaths: discovery.missingPaths,
    inputs: Object.freeze({ loadPaths: settings.loadPaths, workspaceDir }),
    find,
    normaliseId: (id: string) => find(id)?.candidate.id ?? policyId(id),
  });
}

function configDiagnostics(
  settings: PluginSettings,
  plugins: readonly KnownPlugin[],
  find: (id: string) => KnownPlugin | undefined,
  pathsMissing: boolean,
): PluginDiagnostic[] {
  const found: PluginDiagnostic[] = [];
  const warn = (code: DiagnosticCode, message: string, pluginId?: string) =>
    found.push({ level: "warn", code, message, ...(pluginId ? { pluginId } : {}) });
  // Plugins of a path that is missing may be named anywhere: nothing can be called stale then.
  if (!pathsMissing) {
    const named = [
      ...[...settings.entries]
        .filter(([, entry]) => !(entry.enabled === false && Object.keys(entry.raw).length === 1))
        .map(([id]) => [id, "entries"] as const),
      ...settings.allow.map((id) => [id, "allow"] as const),
      ...settings.deny.map((id) => [id, "deny"] as const),
    ];
    for (const [id, where] of named) {
      if (!find(id))
        warn("stale-config-reference", `plugins.${where} names "${id}", which is not installed`, id);
    }
  }
  const memory = settings.chosenSlots.memory;
  if (memory && memory !== "none" && !find(memory)?.candidate.manifest?.kinds.includes("memory")) {
    warn(
      "memory-slot-unresolved",
      `plugins.slots.memory names "${memory}", which is no installed memory plugin`,
      memory,
    );
  }
  for (const { candidate, decision } of plugins) {
    const { id, manifest, origin } = candidate;
    for (const required of manifest?.requiresPlugins ?? []) {
      if (!find(required))
        warn("required-plugin-missing", `"${id}" needs the plugin "${required}"; install it`, id);
    }
    // What the operator enabled by name was not merely found.
    const found = decision.enabled && !decision.explicitlyEnabled;
    if (found && settings.allow.length === 0 && (origin === "global" || origin === "workspace")) {
      warn(
        "open-allowlist",
        `"${id}" was found in ${origin === "global" ? "the state folder" : "a workspace"} and runs because plugins.allow is empty; enable or disable it by name, or list the plugins you trust in plugins.allow`,
        id,
      );
    }
  }
  return found;
}

/** Code that nobody installed and no configuration names is loaded with a warning (spec 2.6). */
function provenanceDiagnostics(
  plugins: readonly KnownPlugin[],
  installed: ReadonlySet<string>,
): PluginDiagnostic[] {
  return plugins.flatMap(({ candidate, decision }) => {
    const { id, origin, rootDir } = candidate;
    const known = origin === "bundled" || origin === "config" || installed.has(rootDir);
    if (known || !decision.enabled || candidate.blocked) return [];
    const message = `"${id}" in ${rootDir} has no install record; install it with sluice plugins install, or name its folder in plugins.load.paths`;
    return [{ level: "warn", code: "untracked-provenance", message, pluginId: id }];
  });
}

function ownersOf(plugins: readonly KnownPlugin[]): OwnerMaps {
  const maps = {
    channels: new Map<string, string[]>(),
    providers: new Map<string, string[]>(),
    cliBackends: new Map<string, string[]>(),
    setupProviders: new Map<string, string[]>(),
    commandAliases: new Map<string, string[]>(),
    cliCommands: new Map<string, string[]>(),
    modelCatalogProviders: new Map<string, string[]>(),
    contracts: new Map<string, string[]>(),
  };
  for (const { candidate } of plugins) {
    const manifest = candidate.manifest;
    if (!manifest) continue;
    const own = (map: Map<string, string[]>, names: readonly string[]) => {
      for (const name of names) {
        const owners = map.get(name);
        if (owners) owners.push(candidate.id);
        else map.set(name, [candidate.id]);
      }
    };
    own(maps.channels, manifest.channels);
    own(maps.providers, manifest.providers);
    own(maps.cliBackends, manifest.cliBackends);
    own(maps.setupProviders, manifest.setup?.providers.map(({ id }) => id) ?? []);
    own(
      maps.commandAliases,
      manifest.commandAliases.map(({ name }) => name),
    );
    own(
      maps.cliCommands,
      manifest.cliCommands.map(({ name }) => name),
    );
    const { providers = {}, aliases = {} } = manifest.providerMetadata.modelCatalog ?? {};
    own(maps.modelCatalogProviders, Object.keys({ ...providers, ...aliases }));
    for (const [key, names] of Object.entries(manifest.contracts)) {
      own(
        maps.contracts,
        names.map((name) => `${key}:${name}`),
      );
    }
  }
  return maps;
}
