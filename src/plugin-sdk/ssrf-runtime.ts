export { hasLegacyFlatAllowPrivateNetworkAlias } from "./doctor/migrations.ts";
export { formatErrorMessage } from "./errors/errors.ts";
export {
  isBlockedHostname,
  isBlockedHostnameOrIp,
  isLoopbackHost,
  isPrivateIpAddress,
  isPrivateOrLoopbackHost,
} from "./net/addresses.ts";
export { closeDispatcher, createPinnedDispatcher } from "./net/dispatchers.ts";
export {
  assertHttpUrlTargetsPrivateNetwork,
  fetchWithSsrFGuard,
  isPrivateNetworkOptInEnabled,
  resolvePinnedHostnameWithPolicy,
  SsrFBlockedError,
  ssrfPolicyFromDangerouslyAllowPrivateNetwork,
  ssrfPolicyFromHttpBaseUrlAllowedHostname,
  ssrfPolicyFromPrivateNetworkOptIn,
} from "./net/guarded-fetch.ts";
export {
  buildHostnameAllowlistPolicyFromSuffixAllowlist,
  normalizeHostnameSuffixAllowlist,
} from "./net/suffix-allowlist.ts";
