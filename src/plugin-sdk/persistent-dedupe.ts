export {
  type ClaimableDedupe,
  type ClaimableDedupeClaimResult,
  type ClaimableDedupeOptions,
  createClaimableDedupe,
} from "./values/claimable-dedupe.ts";
export { resolvePersistentDedupePluginStateNamespace } from "./values/persistent-dedupe.ts";
export {
  createChannelReplayGuard,
  createPersistentDedupeImportEntry,
  migratePersistentDedupeLegacyJsonFile,
  runClaimableDedupeClaimLoop,
} from "./values/replay-guard.ts";
