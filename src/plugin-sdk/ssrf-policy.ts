export { isBlockedHostnameOrIp, isPrivateIpAddress } from "./net/addresses.ts";
export { isPrivateNetworkOptInEnabled, ssrfPolicyFromPrivateNetworkOptIn } from "./net/guarded-fetch.ts";
export {
  buildHostnameAllowlistPolicyFromSuffixAllowlist,
  isHttpsUrlAllowedByHostnameSuffixAllowlist,
  normalizeHostnameSuffixAllowlist,
} from "./net/suffix-allowlist.ts";
