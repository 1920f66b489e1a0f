import type { ChannelConfig } from "../../contracts/channel.ts";
import { asRecordOrEmpty, isRecord, readPath, type UnknownRecord } from "../values/records.ts";

/** Where a search provider's settings and key lie: `plugins.entries.<id>.config.webSearch`. */

export function resolveProviderWebSearchPluginConfig(
  config: ChannelConfig | undefined,
  pluginId: string,
): UnknownRecord | undefined {
  const value = readPath(config, ["plugins", "entries", pluginId, "config", "webSearch"]);
  return isRecord(value) ? value : undefined;
}

/** Writes into the given configuration, which is a draft. */
export function setProviderWebSearchPluginConfigValue(
  draft: UnknownRecord,
  pluginId: string,
  key: string,
  value: unknown,
): void {
  let current = draft;
  for (const name of ["plugins", "entries", pluginId, "config", "webSearch"]) {
    current[name] = { ...asRecordOrEmpty(current[name]) };
    current = current[name] as UnknownRecord;
  }
  current[key] = value;
}

export function getTopLevelCredentialValue(searchConfig?: UnknownRecord): unknown {
  return searchConfig?.["apiKey"];
}

export function setTopLevelCredentialValue(searchConfig: UnknownRecord, value: unknown): void {
  searchConfig["apiKey"] = value;
}

export function getScopedCredentialValue(searchConfig: UnknownRecord | undefined, key: string): unknown {
  return asRecordOrEmpty(searchConfig?.[key])["apiKey"];
}

export function setScopedCredentialValue(searchConfig: UnknownRecord, key: string, value: unknown): void {
  searchConfig[key] = { ...asRecordOrEmpty(searchConfig[key]), apiKey: value };
}

/** The shared search settings with a provider's own in their scope. */
export function mergeScopedSearchConfig(
  searchConfig: UnknownRecord | undefined,
  key: string,
  pluginConfig: UnknownRecord | undefined,
  options: { mirrorApiKeyToTopLevel?: boolean } = {},
): UnknownRecord | undefined {
  if (!pluginConfig) return searchConfig;
  const merged: UnknownRecord = {
    ...searchConfig,
    [key]: { ...asRecordOrEmpty(searchConfig?.[key]), ...pluginConfig },
  };
  if (options.mirrorApiKeyToTopLevel && pluginConfig["apiKey"] !== undefined) {
    merged["apiKey"] = pluginConfig["apiKey"];
  }
  return merged;
}
