export * from "./provider-web-search-config-contract.ts";
export { enablePluginInConfig } from "./web-search/enable-plugin.ts";
