export { DEFAULT_ACCOUNT_ID } from "./accounts/account-ids.ts";
export {
  mergeAllowFromEntries,
  parseSetupEntriesAllowingWildcard,
  promptParsedAllowFromForAccount,
  resolveSetupAccountId,
  setAccountAllowFromForChannel,
  splitSetupEntries,
} from "./setup/allow-from-edits.ts";
export { patchChannelConfigForAccount, setSetupChannelEnabled } from "./setup/config-edits.ts";
export { createLegacyCompatChannelDmPolicy } from "./setup/older-dm-policy.ts";
export {
  noteChannelLookupFailure,
  noteChannelLookupSummary,
  parseMentionOrPrefixedId,
  promptResolvedAllowFrom,
  resolveEntriesWithOptionalToken,
} from "./setup/prompts.ts";
export {
  createEnvPatchedAccountSetupAdapter,
  createPatchedAccountSetupAdapter,
} from "./setup/setup-adapters.ts";
export { createClackPrompter } from "./setup/terminal-prompter.ts";
export {
  baseUrlTextInput,
  createAccountScopedAllowFromSection,
  createCliPathTextInput,
  createDelegatedTextInputShouldPrompt,
  createSetupInputPresenceValidator,
  createSetupTranslator,
  createStandardChannelSetupStatus,
  defineTokenCredential,
} from "./setup/wizard.ts";
export {
  createAccountScopedGroupAccessSection,
  createAllowlistSetupWizardProxy,
  createDelegatedSetupWizardProxy,
  createTopLevelChannelDmPolicy,
} from "./setup/wizard-proxies.ts";
