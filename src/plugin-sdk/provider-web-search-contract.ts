export * from "./provider-web-search-config-contract.ts";
export { enablePluginInConfig } from "./web-search/search-config.ts";
