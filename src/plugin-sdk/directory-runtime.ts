export { resolveDirectoryAllowlistEntries } from "./directory/allowlist-lookup.ts";
export {
  applyDirectoryQueryAndLimit,
  createChannelDirectoryAdapter,
  createEmptyChannelDirectoryAdapter,
  createResolvedDirectoryEntriesLister,
  createRuntimeDirectoryLiveAdapter,
  listDirectoryEntriesFromSources,
  listDirectoryGroupEntriesFromMapKeys,
  listDirectoryGroupEntriesFromMapKeysAndAllowFrom,
  listDirectoryUserEntriesFromAllowFrom,
  listDirectoryUserEntriesFromAllowFromAndMapKeys,
  listResolvedDirectoryGroupEntriesFromMapKeys,
  listResolvedDirectoryUserEntriesFromAllowFrom,
  toDirectoryEntries,
} from "./directory/directory.ts";
