export {
  buildAllowlistResolutionSummary,
  canonicalizeAllowlistWithResolvedIds,
  compileAllowlist,
  firstDefined,
  formatAllowFromLowercase,
  formatAllowlistMatchMeta,
  formatNormalizedAllowFromEntries,
  isNormalizedSenderAllowed,
  mapAllowlistResolutionInputs,
  mergeAllowlist,
  resolveAllowlistMatchByCandidates,
  resolveAllowlistMatchSimple,
  resolveCompiledAllowlistMatch,
  summarizeMapping,
} from "./access/allow-from.ts";
export {
  addAllowlistUserEntriesFromConfigEntry,
  parseAllowFromEntries,
  patchAllowlistUsersInConfigEntries,
  resolveBasicAllowFromEntries,
} from "./access/allowlist-entries.ts";
