import type { EgressPolicy, LookupFunction } from "../../contracts/egress.ts";
import { normalizeHost } from "./addresses.ts";
import { SsrFBlockedError } from "./blocked-error.ts";
import type { DispatcherPolicy } from "./dispatchers.ts";
import {
  assertAllowedHost,
  type PinnedHostname,
  resolvePinnedHostnameWithPolicy,
} from "./pinned-hostname.ts";
import { envProxyUrlFor } from "./proxy-environment.ts";
import { buildTimeoutAbortSignal } from "./timeout-signal.ts";

const MAX_REDIRECTS = 3;
/** What goes along when a redirect leaves the origin; any other header may be a credential by its own name. */
const HARMLESS_HEADERS = new Set([
  "accept",
  "accept-encoding",
  "accept-language",
  "cache-control",
  "content-encoding",
  "content-language",
  "content-length",
  "content-type",
  "if-match",
  "if-modified-since",
  "if-none-match",
  "if-range",
  "if-unmodified-since",
  "pragma",
  "range",
  "user-agent",
]);
const BODY_HEADERS = ["content-encoding", "content-language", "content-length", "content-type"];

export interface GuardedFetchOptions {
  url: string;
  init?: RequestInit;
  /** Sends instead; it is handed a `dispatcher` that reaches only the checked addresses. */
  fetchImpl?: typeof fetch;
  lookupFn?: LookupFunction;
  policy?: EgressPolicy | undefined;
  maxRedirects?: number;
  requireHttps?: boolean;
  timeoutMs?: number;
  signal?: AbortSignal;
  auditContext?: string;
  /** `trusted_env_proxy`: the proxy that the operator named in the environment resolves the names. */
  mode?: "strict" | "trusted_env_proxy" | undefined;
  /** Where the connection goes instead of straight to the host. */
  dispatcherPolicy?: DispatcherPolicy | undefined;
  beforeRequest?(): void;
  /**
   * Sends headers and body again where a redirect leads to another origin. Default false: only harmless headers
   * go there, and no body.
   */
  allowCrossOriginUnsafeRedirectReplay?: boolean | undefined;
  [extra: string]: unknown;
}

export interface GuardedFetchResult {
  response: Response;
  finalUrl: string;
  /** To be called when the body was read or is not wanted. */
  release(): Promise<void>;
  refreshTimeout(): void;
}

/**
 * `fetch` for addresses that somebody else chose: public hosts only unless `policy` says otherwise, checked
 * after name resolution and again on every redirect, connected to the address that was checked.
 *
 * @throws SsrFBlockedError before anything is sent to a refused host
 */
export async function fetchWithSsrFGuard(options: GuardedFetchOptions): Promise<GuardedFetchResult> {
  const outer = options.signal ?? options.init?.signal ?? undefined;
  const limit = buildTimeoutAbortSignal({
    ...(options.timeoutMs ? { timeoutMs: options.timeoutMs } : {}),
    ...(outer ? { signal: outer } : {}),
    operation: options.auditContext ?? "request",
  });
  let close: () => Promise<void> = async () => {};
  const release = async () => {
    limit.cleanup();
    await close();
  };
  try {
    let url = new URL(options.url);
    let init: RequestInit = { ...options.init };
    for (let hops = 0; ; hops++) {
      assertProtocol(url, options.requireHttps === true);
      const pinned = await checkedHost(url, options);
      options.beforeRequest?.();
      const sent = await send(
        url,
        { ...init, ...(limit.signal ? { signal: limit.signal } : {}) },
        pinned,
        options,
      );
      close = sent.close;
      const location = redirectTarget(sent.response, url);
      if (!location) {
        return { response: sent.response, finalUrl: url.href, release, refreshTimeout: limit.refresh };
      }
      await sent.response.body?.cancel();
      await sent.close();
      if (hops >= (options.maxRedirects ?? MAX_REDIRECTS))
        throw new Error(`too many redirects from ${options.url}`);
      const replay = options.allowCrossOriginUnsafeRedirectReplay === true || url.origin === location.origin;
      init = redirectedInit(init, sent.response.status, replay);
      url = location;
    }
  } catch (error) {
    await release();
    throw error;
  }
}

function assertProtocol(url: URL, requireHttps: boolean): void {
  if (url.protocol !== "https:" && (requireHttps || url.protocol !== "http:")) {
    throw new SsrFBlockedError(
      `${url.protocol}//${url.host} is not ${requireHttps ? "https" : "http or https"}`,
    );
  }
}

/** `undefined` for a host that a trusted proxy resolves. */
async function checkedHost(url: URL, options: GuardedFetchOptions): Promise<PinnedHostname | undefined> {
  if (options.mode === "trusted_env_proxy" && envProxyUrlFor(url.href) !== undefined) {
    assertAllowedHost(normalizeHost(url.hostname), options.policy);
    return undefined;
  }
  return resolvePinnedHostnameWithPolicy(url.hostname, {
    ...(options.policy ? { policy: options.policy } : {}),
    ...(options.lookupFn ? { lookupFn: options.lookupFn } : {}),
  });
}

async function send(
  url: URL,
  init: RequestInit,
  pinned: PinnedHostname | undefined,
  options: GuardedFetchOptions,
): Promise<{ response: Response; close(): Promise<void> }> {
  const { dispatcherPolicy, fetchImpl, policy } = options;
  if (fetchImpl) {
    const { closeDispatcher, createPinnedDispatcher } = await import("./dispatchers.ts");
    const dispatcher = pinned && createPinnedDispatcher(pinned, dispatcherPolicy, policy);
    const request = { ...init, redirect: "manual", ...(dispatcher ? { dispatcher } : {}) } as RequestInit;
    return {
      response: await fetchImpl(url.href, request),
      close: () => closeDispatcher(dispatcher),
    };
  }
  if (!pinned || (dispatcherPolicy && dispatcherPolicy.mode !== "direct")) {
    const { sendThroughProxy } = await import("./proxied-transport.ts");
    return sendThroughProxy(url, init, pinned && dispatcherPolicy && { pinned, dispatcherPolicy, policy });
  }
  const { sendPinned } = await import("./pinned-transport.ts");
  return sendPinned(url, init, pinned);
}

function redirectTarget(response: Response, from: URL): URL | undefined {
  const location = response.headers.get("location");
  return [301, 302, 303, 307, 308].includes(response.status) && location
    ? new URL(location, from)
    : undefined;
}

/** @param replay whether the next host may have all that this one was sent */
function redirectedInit(init: RequestInit, status: number, replay: boolean): RequestInit {
  const headers = new Headers(init.headers);
  if (!replay) for (const name of [...headers.keys()]) if (!HARMLESS_HEADERS.has(name)) headers.delete(name);
  const method = (init.method ?? "GET").toUpperCase();
  const becomesGet =
    status === 303 ? method !== "HEAD" : (status === 301 || status === 302) && method === "POST";
  if (!becomesGet && replay) return { ...init, headers };
  for (const name of BODY_HEADERS) headers.delete(name);
  const { body: _body, ...rest } = init;
  return { ...rest, method: becomesGet ? "GET" : method, headers };
}
