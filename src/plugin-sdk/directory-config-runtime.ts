export {
  createResolvedDirectoryEntriesLister,
  listResolvedDirectoryGroupEntriesFromMapKeys,
  listResolvedDirectoryUserEntriesFromAllowFrom,
} from "./directory/directory.ts";
