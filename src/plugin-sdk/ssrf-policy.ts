export { isBlockedHostnameOrIp, isPrivateIpAddress } from "../runtime/egress/index.ts";
export { isPrivateNetworkOptInEnabled, ssrfPolicyFromPrivateNetworkOptIn } from "./net/private-network.ts";
export {
  buildHostnameAllowlistPolicyFromSuffixAllowlist,
  isHttpsUrlAllowedByHostnameSuffixAllowlist,
  normalizeHostnameSuffixAllowlist,
} from "./net/suffix-allowlist.ts";
