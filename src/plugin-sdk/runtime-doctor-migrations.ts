export {
  createLegacyPrivateNetworkDoctorContract,
  defineChannelAliasMigration,
  defineKeyMoveMigration,
  hasLegacyAccountStreamingAliases,
  hasLegacyFlatAllowPrivateNetworkAlias,
  migrateLegacyFlatAllowPrivateNetworkAlias,
} from "./doctor/migrations.ts";
export { collectChannelAccountScopes, stripRetiredChannelKeys } from "./doctor/records.ts";
export { asNullableObjectRecord as asObjectRecord } from "./values/records.ts";
