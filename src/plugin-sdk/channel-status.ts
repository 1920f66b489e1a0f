export {
  buildBaseChannelStatusSummary,
  buildComputedAccountStatusSnapshot,
  buildProbeChannelStatusSummary,
  buildTokenChannelStatusSummary,
  collectStatusIssuesFromLastError,
  createDefaultChannelRuntimeState,
} from "./status/account-status.ts";
export {
  projectCredentialSnapshotFields,
  resolveConfiguredFromCredentialStatuses,
  resolveConfiguredFromRequiredCredentialStatuses,
} from "./status/credentials.ts";

/** What a sender hears when an operator approved the pairing. */
export const PAIRING_APPROVED_MESSAGE = "Access approved. Send a message to start chatting.";
