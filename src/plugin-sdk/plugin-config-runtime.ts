import type { ChannelConfig } from "../contracts/channel.ts";
import { decideActivation } from "../plugins/activation/decide.ts";
import { DEFAULT_SLOTS, readPluginSettings } from "../plugins/activation/plugin-settings.ts";
import type { PluginOrigin } from "../plugins/types.ts";
import { isRecord, readPath, type UnknownRecord } from "./values/records.ts";

/** The configuration a caller was given. @throws when there is none: ambient configuration is not used */
export function requireRuntimeConfig<Config extends ChannelConfig | undefined>(
  config: Config,
  context: string,
): NonNullable<Config> {
  if (!config) throw new Error(`${context} needs the resolved runtime configuration; pass cfg`);
  return config;
}

/** `plugins.entries.<id>.config`. */
export function resolvePluginConfigObject(
  config: ChannelConfig | undefined,
  pluginId: string,
): UnknownRecord | undefined {
  const value = readPath(config, ["plugins", "entries", pluginId, "config"]);
  return isRecord(value) ? value : undefined;
}

export function resolveLivePluginConfigObject(
  load: (() => ChannelConfig | undefined) | undefined,
  pluginId: string,
  startup?: UnknownRecord,
): UnknownRecord | undefined {
  return load ? resolvePluginConfigObject(load(), pluginId) : startup;
}

/** The `plugins` section in normal form: ids as the gateway compares them, what is malformed left out. */
export interface NormalizedPluginsConfig {
  enabled: boolean;
  allow: string[];
  deny: string[];
  loadPaths: string[];
  slots: { memory: string; contextEngine: string };
  entries: Record<string, UnknownRecord>;
}

export function normalizePluginsConfig(section?: unknown): NormalizedPluginsConfig {
  const { enabled, allow, deny, loadPaths, slots, entries } = readPluginSettings({ plugins: section });
  return {
    enabled,
    allow: [...allow],
    deny: [...deny],
    loadPaths: [...loadPaths],
    slots: { ...slots },
    entries: Object.fromEntries([...entries].map(([id, { raw }]) => [id, { ...raw }])),
  };
}

/** Whether the gateway would have a plugin on, and why (plugin-sdk 2.6), from configuration alone. */
export function resolveEffectiveEnableState(params: {
  id: string;
  origin: PluginOrigin;
  config: NormalizedPluginsConfig;
  /** The whole configuration: a channel of the plugin's name may turn it on or off. */
  rootConfig?: ChannelConfig;
  enabledByDefault?: boolean;
}): { enabled: boolean; reason: string } {
  const { id, origin, config, rootConfig = {}, enabledByDefault = false } = params;
  const slots = Object.entries(config.slots).filter(
    ([name, value]) => value !== DEFAULT_SLOTS[name as keyof typeof DEFAULT_SLOTS],
  );
  const settings = readPluginSettings({
    plugins: { ...config, load: { paths: config.loadPaths }, slots: Object.fromEntries(slots) },
  });
  const manifest = {
    autoEnableWhenConfiguredProviders: [],
    channels: isRecord(readPath(rootConfig, ["channels", id])) ? [id] : [],
    enabledByDefault,
    enabledByDefaultOnPlatforms: [],
    kinds: [],
    legacyPluginIds: [],
  };
  const { enabled, reason } = decideActivation({
    candidate: { id, origin, manifest },
    settings,
    config: rootConfig,
    platform: process.platform,
  });
  return { enabled, reason };
}

/** Objects are merged, everything else is replaced; `undefined` leaves the base. */
export function mergeDeep(base: unknown, override: unknown): unknown {
  if (!isRecord(base) || !isRecord(override)) return override === undefined ? base : override;
  const merged: UnknownRecord = { ...base };
  for (const [key, value] of Object.entries(override)) {
    if (key !== "__proto__") merged[key] = mergeDeep(base[key], value);
  }
  return merged;
}
