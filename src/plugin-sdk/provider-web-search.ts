export { throwWebSearchApiError } from "./net/responses.ts";
export { readProviderEnvValue } from "./secrets/secret-input.ts";
export { wrapWebContent } from "./security/security.ts";
export { formatCliCommand } from "./setup/wizard.ts";
export {
  readNonNegativeIntegerParam,
  readNumberParam,
  readPositiveIntegerParam,
  readStringArrayParam,
  readStringParam,
} from "./tools/param-readers.ts";
export { jsonResult } from "./tools/results.ts";
export { createPluginBackedWebSearchProvider } from "./web-search/backed-provider.ts";
export { enablePluginInConfig } from "./web-search/enable-plugin.ts";
export {
  buildSearchCacheKey,
  DEFAULT_CACHE_TTL_MINUTES,
  DEFAULT_SEARCH_COUNT,
  DEFAULT_TIMEOUT_SECONDS,
  isoToPerplexityDate,
  MAX_SEARCH_COUNT,
  normalizeFreshness,
  normalizeToIsoDate,
  parseWebSearchTimeFilters,
  readCachedSearchPayload,
  readConfiguredSecretString,
  resolveSearchCacheTtlMs,
  resolveSearchCount,
  resolveSearchTimeoutSeconds,
  resolveSiteName,
  withSelfHostedWebToolsEndpoint as withSelfHostedWebSearchEndpoint,
  withSelfHostedWebToolsEndpoint,
  withTrustedWebToolsEndpoint as withTrustedWebSearchEndpoint,
  withTrustedWebToolsEndpoint,
  writeCachedSearchPayload,
} from "./web-search/search-calls.ts";
export * from "./web-search/search-config.ts";
