export { detectMime } from "./media/mime.ts";
export { getDefaultMediaLocalRoots, loadOutboundMediaFromUrl } from "./media/outbound-media.ts";
export {
  DM_GROUP_ACCESS_REASON,
  readStoreAllowFromForDmPolicy,
  resolveDmGroupAccessWithLists,
} from "./policy/access-lists.ts";
export {
  buildAccountScopedDmSecurityPolicy,
  createRestrictSendersChannelSecurity,
} from "./policy/dm-policy.ts";
export {
  buildMutableAllowEntryDetector,
  collectStandardAllowlistLists,
  createDangerousNameMatchingMutableAllowlistWarningCollector,
} from "./policy/mutable-entries.ts";
export { coerceNativeSetting } from "./policy/native-setting.ts";
export {
  buildChannelGroupsScopeTree,
  encodeScopeSegment,
  resolveChannelGroupPolicy,
  resolveChannelGroupRequireMention,
  resolveChannelGroups,
  resolveChannelGroupsConfigPath,
  resolveChannelGroupToolsPolicy,
  resolveScopeIntroHint,
  resolveScopeKeyCaseInsensitive,
  resolveScopeRequireMention,
  resolveScopeToolsPolicy,
  resolveToolsBySender,
  scopeKey,
} from "./policy/scope-tree.ts";
export {
  buildOpenGroupPolicyConfigureRouteAllowlistWarning,
  buildOpenGroupPolicyRestrictSendersWarning,
  buildOpenGroupPolicyWarning,
  collectOpenGroupPolicyRouteAllowlistWarnings,
  composeAccountWarningCollectors,
  composeWarningCollectors,
  createAllowlistProviderGroupPolicyWarningCollector,
  createAllowlistProviderOpenWarningCollector,
  createAllowlistProviderRestrictSendersWarningCollector,
  createAllowlistProviderRouteAllowlistWarningCollector,
  createConditionalWarningCollector,
  createOpenGroupPolicyRestrictSendersWarningCollector,
  createOpenProviderConfiguredRouteWarningCollector,
  createOpenProviderGroupPolicyWarningCollector,
  projectAccountConfigWarningCollector,
  projectAccountWarningCollector,
  projectConfigAccountIdWarningCollector,
  projectConfigWarningCollector,
  projectWarningCollector,
} from "./policy/warnings.ts";
export { normalizeStringEntries as normalizeAllowFromList } from "./values/strings.ts";
