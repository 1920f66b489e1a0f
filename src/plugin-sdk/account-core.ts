export {
  createAccountActionGate,
  createAccountListHelpers,
  hasConfiguredAccountValue,
  mergeAccountConfig,
  resolveAccountWithDefaultFallback,
  resolveMergedAccountConfig,
} from "./accounts/account-config.ts";
export {
  DEFAULT_ACCOUNT_ID,
  listCombinedAccountIds,
  listConfiguredAccountIds,
  normalizeAccountId,
  normalizeOptionalAccountId,
  resolveAccountEntry,
  resolveListedDefaultAccountId,
  resolveNormalizedAccountEntry,
} from "./accounts/account-ids.ts";
export { describeAccountSnapshot } from "./accounts/snapshot.ts";
export { normalizeChatType } from "./values/chat-type.ts";
export { normalizeE164, resolveUserPath } from "./values/text.ts";
