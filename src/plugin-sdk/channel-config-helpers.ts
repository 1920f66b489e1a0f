export {
  adaptScopedAccountAccessor,
  createHybridChannelConfigAdapter,
  createScopedChannelConfigAdapter,
  createTopLevelChannelConfigAdapter,
  formatTrimmedAllowFromEntries,
  mapAllowFromEntries,
  normalizeChannelDmPolicy,
} from "./policy/config-adapter.ts";
export { buildAccountScopedDmSecurityPolicy, createScopedDmSecurityResolver } from "./policy/dm-policy.ts";
export { clearAccountFieldsFromConfigSection } from "./setup/config-edits.ts";
export {
  normalizeLegacyDmAliases,
  resolveChannelDmAllowFrom,
  resolveChannelDmPolicy,
} from "./setup/dm-aliases.ts";
export { normalizeOptionalString as resolveOptionalConfigString } from "./values/strings.ts";
