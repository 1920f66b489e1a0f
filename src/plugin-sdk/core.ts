/** The broad umbrella for older plugins; new code imports the narrow subpaths. */
import { randomUUID } from "node:crypto";

export { buildAgentSessionKey } from "../channels/routing/session-key.ts";
export { DEFAULT_ACCOUNT_ID, normalizeAccountId } from "./accounts/account-ids.ts";
export {
  buildChannelOutboundSessionRoute,
  buildThreadAwareOutboundSessionRoute,
  createChannelPluginBase,
  createChatChannelPlugin,
  defineChannelPluginEntry,
  defineSetupPluginEntry,
  parseOptionalDelimitedEntries,
  recoverCurrentThreadSessionId,
  stripChannelTargetPrefix,
  stripTargetKindPrefix,
} from "./channel-core.ts";
export { resolveThreadSessionKeys } from "./channel-plugin/targets.ts";
export type * from "./index.ts";
export { createSubsystemLogger } from "./logging/runtime-env.ts";
export { isTrustedProxyAddress, resolveClientIp } from "./net/client-address.ts";
export { definePluginEntry, emptyPluginConfigSchema } from "./plugin-entry.ts";
export { formatPairingApproveHint } from "./policy/dm-policy.ts";
export {
  buildChannelConfigSchema,
  buildJsonChannelConfigSchema,
  emptyChannelConfigSchema,
} from "./schemas/build-channel-config-schema.ts";
export * from "./secret-file-runtime.ts";
export { isSecretRef } from "./secrets/secret-input.ts";
export { generateSecureToken } from "./secure-random-runtime.ts";
export {
  applyAccountNameToChannelSection,
  clearAccountEntryFields,
  deleteAccountFromConfigSection,
  migrateBaseNameToDefaultAccount,
  setAccountEnabledInConfigSection,
} from "./setup/config-edits.ts";
export {
  readNumberParam,
  readReactionParams,
  readStringArrayParam,
  readStringParam,
} from "./tools/param-readers.ts";
export { createActionGate, jsonResult, optionalStringEnum, stringEnum } from "./tools/results.ts";
export { enqueueKeyedTask, KeyedAsyncQueue } from "./values/async.ts";
export { createDedupeCache } from "./values/collections.ts";
export { parseStrictPositiveInteger } from "./values/numbers.ts";
export { normalizeAtHashSlug, normalizeHyphenSlug } from "./values/strings.ts";

export function generateSecureUuid(): string {
  return randomUUID();
}
export { getChatChannelMeta } from "./channel-plugin/chat-channel-meta.ts";
export { detectMime } from "./media/mime.ts";
export { getDefaultMediaLocalRoots, loadOutboundMediaFromUrl } from "./media/outbound-media.ts";
