/** The guard of everything that is fetched for somebody else; see the README. */

export {
  isBlockedHostname,
  isBlockedHostnameOrIp,
  isLoopbackHost,
  isPrivateIpAddress,
  isPrivateOrLoopbackHost,
  normalizeHost,
} from "./addresses.ts";
export { SsrFBlockedError } from "./blocked-error.ts";
export {
  type DispatcherInit,
  type FetchInput,
  fetchWithRuntimeDispatcher,
  resolveRequestUrl,
} from "./dispatched-fetch.ts";
export {
  closeDispatcher,
  createHttp1EnvHttpProxyAgent,
  createHttp1ProxyAgent,
  createPinnedDispatcher,
} from "./dispatchers.ts";
export { encodedForm } from "./form-body.ts";
export { fetchWithSsrFGuard, type GuardedFetchOptions, type GuardedFetchResult } from "./guarded-fetch.ts";
export { resolvePinnedHostnameWithPolicy } from "./pinned-hostname.ts";
export { envProxyUrlFor, parseProxyUrl, resolveEnvHttpProxyAgentOptions } from "./proxy-environment.ts";
export {
  ERROR_TEXT_MAX_BYTES,
  type ReadLimits,
  readByteStreamWithLimit,
  readResponseTextLimited,
  readResponseTextPrefix,
  readResponseTextSnippet,
  readResponseWithLimit,
} from "./response-body.ts";
export { buildTimeoutAbortSignal, type TimeoutSignal } from "./timeout-signal.ts";
