export {
  appendMatchMetadata,
  buildBaseAccountStatusSnapshot,
  buildBaseChannelStatusSummary,
  buildComputedAccountStatusSnapshot,
  buildProbeChannelStatusSummary,
  buildRuntimeAccountStatusSnapshot,
  buildTokenChannelStatusSummary,
  buildWebhookChannelStatusSummary,
  collectIssuesForEnabledAccounts,
  collectStatusIssuesFromLastError,
  createAsyncComputedAccountStatusAdapter,
  createComputedAccountStatusAdapter,
  createDefaultChannelRuntimeState,
  createDependentCredentialStatusIssueCollector,
  readAccountStatusSnapshot,
  resolveEnabledConfiguredAccountId,
  resolveReactionLevel,
  standardDmPolicyOpenIssue,
  standardNotConfiguredIssue,
} from "./status/account-status.ts";
export { isRecord } from "./values/records.ts";
export { normalizeOptionalString as asString } from "./values/strings.ts";
