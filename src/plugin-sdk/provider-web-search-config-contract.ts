export {
  createWebSearchProviderContractFields,
  getScopedCredentialValue,
  getTopLevelCredentialValue,
  mergeScopedSearchConfig,
  resolveProviderWebSearchPluginConfig,
  setProviderWebSearchPluginConfigValue,
  setScopedCredentialValue,
  setTopLevelCredentialValue,
} from "./web-search/search-config.ts";
