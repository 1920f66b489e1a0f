export {
  defineKeyMoveMigration,
  normalizeChannelAccounts,
  normalizeChannelConfigEntries,
} from "./doctor/key-moves.ts";
export {
  createLegacyPrivateNetworkDoctorContract,
  defineChannelAliasMigration,
  hasLegacyAccountStreamingAliases,
  hasLegacyFlatAllowPrivateNetworkAlias,
  migrateLegacyFlatAllowPrivateNetworkAlias,
} from "./doctor/migrations.ts";
export { collectChannelAccountScopes, stripRetiredChannelKeys } from "./doctor/records.ts";
export {
  archiveLegacyStateSource,
  definePluginDoctorMigrationFromPlans,
  legacyStateFileExists,
} from "./doctor/state-moves.ts";
export { defineStrayPluginEntryConfigMigration } from "./doctor/stray-config.ts";
export { collectProviderDangerousNameMatchingScopes } from "./policy/mutable-entries.ts";
export { asNullableObjectRecord as asObjectRecord } from "./values/records.ts";
