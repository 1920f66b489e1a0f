export {
  createAccountActionGate,
  createAccountListHelpers,
  hasConfiguredAccountValue,
  resolveChannelMediaMaxBytes,
  resolveMergedAccountConfig,
} from "./accounts/account-config.ts";
export { describeAccountSnapshot, describeWebhookAccountSnapshot } from "./accounts/snapshot.ts";
