export { DEFAULT_ACCOUNT_ID, normalizeAccountId } from "./accounts/account-ids.ts";
export { detectMime } from "./media/mime.ts";
export { getDefaultMediaLocalRoots, loadOutboundMediaFromUrl } from "./media/outbound-media.ts";
export { hasConfiguredSecretInput, normalizeSecretInputString } from "./secrets/secret-input.ts";
export { moveSingleAccountChannelSectionToDefaultAccount } from "./setup/account-promotion.ts";
export {
  addWildcardAllowFrom,
  createPromptParsedAllowFromForAccount,
  createTopLevelChannelAllowFromSetter,
  createTopLevelChannelDmPolicySetter,
  createTopLevelChannelGroupPolicySetter,
  createTopLevelChannelParsedAllowFromPrompt,
  mergeAllowFromEntries,
  normalizeAllowFromEntries,
  parseSetupEntriesWithParser,
  resolveSetupAccountId,
  setTopLevelChannelDmPolicyWithAllowFrom,
  splitSetupEntries,
} from "./setup/allow-from-edits.ts";
export { createDetectedBinaryStatus, detectBinary } from "./setup/binaries.ts";
export { WizardCancelledError } from "./setup/cancelled.ts";
export {
  applyAccountNameToChannelSection,
  applySetupAccountConfigPatch,
  migrateBaseNameToDefaultAccount,
  patchChannelConfigForAccount,
  patchScopedAccountConfig,
  patchTopLevelChannelConfigSection,
  prepareScopedSetupConfig,
  setSetupChannelEnabled,
} from "./setup/config-edits.ts";
export { promptAccountId, promptChannelAccessConfig } from "./setup/prompts.ts";
export {
  buildSingleChannelSecretPromptState,
  promptSingleChannelSecretInput,
  runSingleChannelSecretStep,
} from "./setup/secret-prompts.ts";
export { createPatchedAccountSetupAdapter } from "./setup/setup-adapters.ts";
export {
  baseUrlTextInput,
  createAccountScopedAllowFromSection,
  createAllowFromSection,
  createSetupInputPresenceValidator,
  createSetupTranslator,
  createStandardChannelSetupStatus,
  defineTokenCredential,
  formatCliCommand,
  formatDocsLink,
  formatResolvedUnresolvedNote,
} from "./setup/wizard.ts";
export { createDelegatedSetupWizardProxy, createTopLevelChannelDmPolicy } from "./setup/wizard-proxies.ts";
export type { SetupPrompter as WizardPrompter } from "./setup/wizard-types.ts";
export { normalizeE164 } from "./values/text.ts";
