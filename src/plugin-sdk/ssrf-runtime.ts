export {
  isBlockedHostname,
  isBlockedHostnameOrIp,
  isLoopbackHost,
  isPrivateIpAddress,
  isPrivateOrLoopbackHost,
} from "../runtime/egress/addresses.ts";
export { closeDispatcher, createPinnedDispatcher } from "../runtime/egress/dispatchers.ts";
export { fetchWithSsrFGuard, SsrFBlockedError } from "../runtime/egress/index.ts";
export { resolvePinnedHostnameWithPolicy } from "../runtime/egress/pinned-hostname.ts";
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
