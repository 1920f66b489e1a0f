export {
  collectConditionalChannelFieldAssignments,
  collectNestedChannelFieldAssignments,
  collectSecretInputAssignment,
  collectSimpleChannelFieldAssignments,
  createChannelSecretTargetRegistryEntries,
  createSimpleChannelSecretContract,
  getChannelRecord,
  getChannelSurface,
  hasConfiguredSecretInputValue,
  isBaseFieldActiveForChannelSurface,
  isEnabledFlag,
  normalizeSecretStringValue,
  pushAssignment,
  pushInactiveSurfaceWarning,
  pushWarning,
  resolveChannelAccountSurface,
} from "./secrets/channel-secrets.ts";
export { hasOwnKey as hasOwnProperty, isRecord } from "./values/records.ts";
