export {
  isBlockedHostname,
  isBlockedHostnameOrIp,
  isPrivateIpAddress,
  isPrivateOrLoopbackHost,
} from "./net/addresses.ts";
export {
  assertHttpUrlTargetsPrivateNetwork,
  fetchWithSsrFGuard,
  isPrivateNetworkOptInEnabled,
  resolvePinnedHostnameWithPolicy,
  SsrFBlockedError,
  ssrfPolicyFromHttpBaseUrlAllowedHostname,
  ssrfPolicyFromPrivateNetworkOptIn,
} from "./net/guarded-fetch.ts";
export {
  buildHostnameAllowlistPolicyFromSuffixAllowlist,
  normalizeHostnameSuffixAllowlist,
} from "./net/suffix-allowlist.ts";
