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

export function enablePluginInConfig(config: ChannelConfig, pluginId: string) {
  const plugins = asRecordOrEmpty(config["plugins"]);
  const entries = asRecordOrEmpty(plugins["entries"]);
  const entry = { ...asRecordOrEmpty(entries[pluginId]), enabled: true };
  return {
    config: { ...config, plugins: { ...plugins, entries: { ...entries, [pluginId]: entry } } },
    enabled: true,
  };
}

/** The fields of a search provider that say where its key is kept. */
export function createWebSearchProviderContractFields(options: {
  credentialPath: string;
  inactiveSecretPaths?: string[];
  searchCredential: { type: "top-level" } | { type: "scoped"; scopeId: string } | { type: "none" };
  configuredCredential?: { pluginId: string; field?: string };
  selectionPluginId?: string;
}) {
  const { searchCredential: credential, configuredCredential: configured } = options;
  const field = configured?.field ?? "apiKey";
  return {
    inactiveSecretPaths:
      options.inactiveSecretPaths ?? (options.credentialPath ? [options.credentialPath] : []),
    getCredentialValue: (searchConfig?: UnknownRecord) =>
      credential.type === "top-level"
        ? getTopLevelCredentialValue(searchConfig)
        : credential.type === "scoped"
          ? getScopedCredentialValue(searchConfig, credential.scopeId)
          : undefined,
    setCredentialValue: (searchConfig: UnknownRecord, value: unknown) => {
      if (credential.type === "top-level") setTopLevelCredentialValue(searchConfig, value);
      if (credential.type === "scoped") setScopedCredentialValue(searchConfig, credential.scopeId, value);
    },
    ...(configured
      ? {
          getConfiguredCredentialValue: (config?: ChannelConfig) =>
            resolveProviderWebSearchPluginConfig(config, configured.pluginId)?.[field],
          setConfiguredCredentialValue: (draft: UnknownRecord, value: unknown) =>
            setProviderWebSearchPluginConfigValue(draft, configured.pluginId, field, value),
        }
      : {}),
    ...(options.selectionPluginId === undefined
      ? {}
      : {
          applySelectionConfig: (config: ChannelConfig) =>
            enablePluginInConfig(config, options.selectionPluginId as string).config,
        }),
  };
}
