export { createWebSearchProviderContractFields } from "./web-search/contract-fields.ts";
export * from "./web-search/search-config.ts";
