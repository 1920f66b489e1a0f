import { lookup as systemLookup } from "node:dns/promises";
import { buildTimeoutAbortSignal } from "../values/async.ts";
import {
  type EgressPolicy,
  isAllowedHost,
  isBlockedHostnameOrIp,
  isListedHost,
  isPrivateIpAddress,
  normalizeHost,
} from "./addresses.ts";
import { SsrFBlockedError } from "./blocked-error.ts";
import type { DispatcherPolicy } from "./dispatchers.ts";
import { envProxyUrlFor } from "./proxy-environment.ts";

export { SsrFBlockedError } from "./blocked-error.ts";

export type LookupFunction = (
  hostname: string,
  options: { all: true; verbatim?: boolean },
) => Promise<{ address: string; family: number }[]>;

export interface PinnedHostname {
  hostname: string;
  addresses: string[];
  lookup(
    hostname: string,
    options: unknown,
    callback: (error: Error | null, address: unknown, family?: number) => void,
  ): void;
}

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

function assertAllowedHost(host: string, policy: EgressPolicy | undefined): void {
  if (!isListedHost(host, policy?.hostnameAllowlist)) {
    throw new SsrFBlockedError(`"${host}" is not in the list of allowed hosts`);
  }
  if (isBlockedHostnameOrIp(host, policy)) {
    throw new SsrFBlockedError(
      `"${host}" is a private, local or metadata address; allow it in the configuration`,
    );
  }
}

/** Resolves a name once, checks every answer, and gives a lookup that can answer nothing else. */
export async function resolvePinnedHostnameWithPolicy(
  hostname: string,
  params: { lookupFn?: LookupFunction; policy?: EgressPolicy; signal?: AbortSignal } = {},
): Promise<PinnedHostname> {
  const host = normalizeHost(hostname);
  const { policy } = params;
  assertAllowedHost(host, policy);
  const lookupFn = params.lookupFn ?? (systemLookup as LookupFunction);
  const answers = await lookupFn(host, { all: true, verbatim: true });
  const addresses = [...new Set(answers.map(({ address }) => address))];
  if (addresses.length === 0) throw new Error(`"${host}" has no address`);
  const open =
    policy?.allowPrivateNetwork || policy?.dangerouslyAllowPrivateNetwork || isAllowedHost(host, policy);
  const blocked = addresses.find((address) =>
    open ? isBlockedHostnameOrIp(address, { allowPrivateNetwork: true }) : isPrivateIpAddress(address),
  );
  if (blocked !== undefined) {
    throw new SsrFBlockedError(`"${host}" resolves to ${blocked}, which is not a public address`);
  }
  const pinned = answers.map(({ address, family }) => ({
    address,
    family: family || (address.includes(":") ? 6 : 4),
  }));
  return {
    hostname: host,
    addresses,
    lookup(name, options, callback) {
      if (normalizeHost(name) !== host) {
        callback(new SsrFBlockedError(`"${name}" is not the host that was checked`), "");
        return;
      }
      if ((options as { all?: boolean } | undefined)?.all) callback(null, pinned);
      else callback(null, pinned[0]?.address, pinned[0]?.family);
    },
  };
}

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

type OptInInput =
  | boolean
  | null
  | undefined
  | {
      allowPrivateNetwork?: boolean | null;
      dangerouslyAllowPrivateNetwork?: boolean | null;
      network?: { dangerouslyAllowPrivateNetwork?: boolean | null } | null;
    };

export function isPrivateNetworkOptInEnabled(input: OptInInput): boolean {
  if (typeof input === "boolean") return input;
  return (
    input?.allowPrivateNetwork === true ||
    input?.dangerouslyAllowPrivateNetwork === true ||
    input?.network?.dangerouslyAllowPrivateNetwork === true
  );
}

/** The options of a guarded fetch that goes through the proxy of the environment, if there is one. */
export function withTrustedEnvProxyGuardedFetchMode<Options extends object>(
  options: Options,
): Options & { mode: "trusted_env_proxy" } {
  return { ...options, mode: "trusted_env_proxy" };
}

export function ssrfPolicyFromPrivateNetworkOptIn(input: OptInInput): EgressPolicy | undefined {
  return isPrivateNetworkOptInEnabled(input) ? { allowPrivateNetwork: true } : undefined;
}

/** The same from the setting alone. */
export function ssrfPolicyFromDangerouslyAllowPrivateNetwork(
  dangerouslyAllowPrivateNetwork?: boolean | null,
): EgressPolicy | undefined {
  return ssrfPolicyFromPrivateNetworkOptIn(dangerouslyAllowPrivateNetwork);
}

/** Plain HTTP is for hosts of one's own: refuses it for a public one. */
export async function assertHttpUrlTargetsPrivateNetwork(
  url: string,
  params: {
    dangerouslyAllowPrivateNetwork?: boolean | null;
    allowPrivateNetwork?: boolean | null;
    lookupFn?: LookupFunction;
    errorMessage?: string;
  } = {},
): Promise<void> {
  const parsed = new URL(url);
  if (parsed.protocol !== "http:") return;
  const message = params.errorMessage ?? `plain http is only for private hosts; use https for ${parsed.host}`;
  if (isPrivateIpAddress(parsed.hostname) || isBlockedHostnameOrIp(parsed.hostname)) return;
  if (!isPrivateNetworkOptInEnabled(params)) throw new Error(message);
  const answers = await (params.lookupFn ?? (systemLookup as LookupFunction))(parsed.hostname, { all: true });
  if (!answers.every(({ address }) => isPrivateIpAddress(address))) throw new Error(message);
}

/** A policy that allows the one host a person configured, wherever it lies. */
export function ssrfPolicyFromHttpBaseUrlAllowedHostname(baseUrl: string): EgressPolicy | undefined {
  try {
    return { allowedHostnames: [new URL(baseUrl).hostname] };
  } catch {
    return undefined;
  }
}
