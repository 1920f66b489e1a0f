export {
  closeDispatcher,
  createPinnedDispatcher,
  fetchWithSsrFGuard,
  isBlockedHostname,
  isBlockedHostnameOrIp,
  isLoopbackHost,
  isPrivateIpAddress,
  isPrivateOrLoopbackHost,
  resolvePinnedHostnameWithPolicy,
  SsrFBlockedError,
} from "../runtime/egress/index.ts";
export { hasLegacyFlatAllowPrivateNetworkAlias } from "./doctor/migrations.ts";
export { formatErrorMessage } from "./errors/errors.ts";
export {
  assertHttpUrlTargetsPrivateNetwork,
  isPrivateNetworkOptInEnabled,
  ssrfPolicyFromDangerouslyAllowPrivateNetwork as ssrfPolicyFromAllowPrivateNetwork,
  ssrfPolicyFromDangerouslyAllowPrivateNetwork,
  ssrfPolicyFromHttpBaseUrlAllowedHostname,
  ssrfPolicyFromPrivateNetworkOptIn,
} from "./net/private-network.ts";
export {
  buildHostnameAllowlistPolicyFromSuffixAllowlist,
  normalizeHostnameSuffixAllowlist,
} from "./net/suffix-allowlist.ts";
