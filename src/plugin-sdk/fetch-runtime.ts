export {
  createHttp1EnvHttpProxyAgent,
  createHttp1ProxyAgent,
  resolveEnvHttpProxyAgentOptions,
} from "../runtime/egress/index.ts";
export { fetchWithTimeout } from "./net/probe.ts";
export { responseWithRelease } from "./net/release.ts";
export {
  makeProxyFetch,
  withTrustedEnvProxyGuardedFetchMode,
  wrapFetchWithAbortSignal,
} from "./net/runtime-fetch.ts";
export { createNodeProxyAgent } from "./net/tunnel-agent.ts";

/**
 * The right to read that a delegated turn was given, as a check to run before each request; `undefined`
 * when the turn is not restricted. This host restricts reading in the shared message tool.
 */
export function captureChannelReadAuthority(): (() => void) | undefined {
  return undefined;
}

/** The global `fetch`. */
export function resolveFetch(fetchImpl?: typeof fetch): typeof fetch {
  return fetchImpl ?? fetch;
}
