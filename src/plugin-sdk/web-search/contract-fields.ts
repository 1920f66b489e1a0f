import type { ChannelConfig } from "../../contracts/channel.ts";
import type { UnknownRecord } from "../values/records.ts";
import { enablePluginInConfig } from "./enable-plugin.ts";
import {
  getScopedCredentialValue,
  getTopLevelCredentialValue,
  resolveProviderWebSearchPluginConfig,
  setProviderWebSearchPluginConfigValue,
  setScopedCredentialValue,
  setTopLevelCredentialValue,
} from "./search-config.ts";

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
