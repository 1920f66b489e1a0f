export { resolvePersistentDedupePluginStateNamespace } from "./values/persistent-dedupe.ts";
export {
  createChannelReplayGuard,
  createPersistentDedupeImportEntry,
  migratePersistentDedupeLegacyJsonFile,
  runClaimableDedupeClaimLoop,
} from "./values/replay-guard.ts";
