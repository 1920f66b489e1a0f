export {
  createAccountListHelpers,
  hasConfiguredAccountValue,
  resolveMergedAccountConfig,
} from "./accounts/account-config.ts";
export {
  DEFAULT_ACCOUNT_ID,
  normalizeAccountId,
  normalizeOptionalAccountId,
  resolveAccountEntry,
  resolveAccountKey,
  resolveListedDefaultAccountId,
  resolveNormalizedAccountEntry,
} from "./accounts/account-ids.ts";
export { normalizeE164, resolveUserPath } from "./values/text.ts";
