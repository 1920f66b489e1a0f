export { DEFAULT_ACCOUNT_ID } from "./accounts/account-ids.ts";
export { splitSetupEntries } from "./setup/allow-from-edits.ts";
export { setSetupChannelEnabled } from "./setup/config-edits.ts";
export { defineChannelSetupContract } from "./setup/setup-contract.ts";
export { baseUrlTextInput, defineTokenCredential, formatDocsLink } from "./setup/wizard.ts";
