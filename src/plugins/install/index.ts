/** The face of the room; the rest is private to it. */
export { InstallBook } from "./book.ts";
export { installHostOf, presentIn, type RunningHost } from "./host-adapter.ts";
export { PluginInstaller } from "./installer.ts";
export type { InstallRequest } from "./installer-options.ts";
export type { InstallStep } from "./ledger.ts";
export { NpmClient } from "./npm-client.ts";
export {
  DEFAULT_SEARCH_RESULTS,
  MAX_SEARCH_RESULTS,
  MAX_SEARCH_TEXT,
  PluginSearch,
  type SearchResult,
} from "./search.ts";
export { parseSource } from "./source.ts";
export type * from "./types.ts";
