export {
  formatReasoningMessage,
  listAgentIds,
  resolveAgentAvatar,
  resolveAgentConfig,
  resolveAgentDir,
  resolveAgentIdentity,
  resolveAgentWorkspaceDir,
  resolveDefaultAgentId,
  resolveDefaultModelForAgent,
  resolveHumanDelayConfig,
  resolveIdentityNamePrefix,
} from "./agents/agent-settings.ts";
export {
  clearExpiredCooldowns,
  ensureAuthProfileStore,
  isProfileInCooldown,
  listProfilesForProvider,
  resolveAuthProfileOrder,
  resolveProfilesUnavailableReason,
  resolveProfileUnusableUntilForDisplay,
  resolveProviderIdForAuth,
} from "./agents/auth-profiles.ts";
export { EmbeddedBlockChunker } from "./agents/block-chunker.ts";
export { getPreparedModelCatalogSnapshot, loadPreparedModelCatalog } from "./agents/model-catalogue.ts";
export { resolveAckReaction } from "./replies/acknowledgement.ts";
export { normalizeAgentId } from "./routing.ts";
export {
  readNonNegativeIntegerParam,
  readPositiveIntegerParam,
  readStringArrayParam,
  readStringParam,
} from "./tools/param-readers.ts";
export { jsonResult } from "./tools/results.ts";
