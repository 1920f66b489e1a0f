export { DEFAULT_ACCOUNT_ID, normalizeAccountId } from "./accounts/account-ids.ts";
export { getChatChannelMeta } from "./channel-plugin/chat-channel-meta.ts";
export { PAIRING_APPROVED_MESSAGE } from "./channel-status.ts";
export { emptyPluginConfigSchema } from "./plugin-entry.ts";
export { formatPairingApproveHint } from "./policy/dm-policy.ts";
export { buildChannelConfigSchema } from "./schemas/build-channel-config-schema.ts";
export {
  applyAccountNameToChannelSection,
  deleteAccountFromConfigSection,
  migrateBaseNameToDefaultAccount,
  setAccountEnabledInConfigSection,
} from "./setup/config-edits.ts";
