/** What differs between searching the web and fetching a page of it (spec 2.9, 2.10). */
export interface WebCapability {
  /** Kind of the registry. */
  readonly kind: "webSearchProvider" | "webFetchProvider";
  readonly contract: "webSearchProviders" | "webFetchProviders";
  /** Below `tools.web`. */
  readonly section: "search" | "fetch";
  /** Name of that section in what a provider is told. */
  readonly sectionKey: "searchConfig" | "fetchConfig";
  readonly tool: "web_search" | "web_fetch";
  readonly label: string;
}

export const WEB_SEARCH: WebCapability = {
  kind: "webSearchProvider",
  contract: "webSearchProviders",
  section: "search",
  sectionKey: "searchConfig",
  tool: "web_search",
  label: "Web search",
};

export const WEB_FETCH: WebCapability = {
  kind: "webFetchProvider",
  contract: "webFetchProviders",
  section: "fetch",
  sectionKey: "fetchConfig",
  tool: "web_fetch",
  label: "Web fetch",
};
