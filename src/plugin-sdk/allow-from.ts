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
export { isAllowedParsedChatSender } from "./channel-plugin/chat-target-prefixes.ts";
