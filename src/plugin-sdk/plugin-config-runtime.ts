import type { ChannelConfig } from "../contracts/channel.ts";
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

/** Objects are merged, everything else is replaced; `undefined` leaves the base. */
export function mergeDeep(base: unknown, override: unknown): unknown {
  if (!isRecord(base) || !isRecord(override)) return override === undefined ? base : override;
  const merged: UnknownRecord = { ...base };
  for (const [key, value] of Object.entries(override)) {
    if (key !== "__proto__") merged[key] = mergeDeep(base[key], value);
  }
  return merged;
}
