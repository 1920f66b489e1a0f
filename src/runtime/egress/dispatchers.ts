import type { EgressPolicy } from "../../contracts/egress.ts";
import { isBlockedHostnameOrIp } from "./addresses.ts";
import { SsrFBlockedError } from "./blocked-error.ts";
import { deferDispatcher } from "./deferred-dispatcher.ts";
import type { PinnedHostname } from "./pinned-hostname.ts";
import { type EnvProxyOptions, parseProxyUrl, resolveEnvHttpProxyAgentOptions } from "./proxy-environment.ts";

/** Connections for `fetch`: through proxies, or only to addresses that were checked. */

/** What `fetch` takes as its dispatcher; described here, so that authors need no package for its type. */
export interface ConnectionDispatcher {
  dispatch(options: never, handler: never): boolean;
  /** Waits for running requests. */
  close(): Promise<void>;
  /** Ends running requests. */
  destroy(error?: Error | null): Promise<void>;
}

type Environment = Readonly<Record<string, string | undefined>>;

interface AgentOptions {
  connect?: object;
  [extra: string]: unknown;
}

function limits(timeoutMs: number | undefined) {
  return timeoutMs && timeoutMs > 0
    ? { headersTimeout: timeoutMs, bodyTimeout: timeoutMs, connectTimeout: timeoutMs }
    : {};
}

/** HTTP/1.1 through the proxies of the environment, or those given; an empty string means none. */
export function createHttp1EnvHttpProxyAgent(
  options: EnvProxyOptions & AgentOptions = {},
  timeoutMs?: number,
  env: Environment = process.env,
): ConnectionDispatcher {
  const found = resolveEnvHttpProxyAgentOptions(env);
  const httpProxy = options.httpProxy ?? found?.httpProxy ?? "";
  const httpsProxy = options.httpsProxy ?? found?.httpsProxy ?? "";
  for (const proxy of [httpProxy, httpsProxy]) if (proxy !== "") parseProxyUrl(proxy);
  const noProxy = options.noProxy ?? found?.noProxy ?? "";
  return deferDispatcher(
    ({ EnvHttpProxyAgent }) =>
      new EnvHttpProxyAgent({
        ...limits(timeoutMs),
        ...options,
        allowH2: false,
        httpProxy,
        httpsProxy,
        noProxy,
      } as ConstructorParameters<typeof EnvHttpProxyAgent>[0]),
  );
}

/** HTTP/1.1 through one proxy. @throws for an address that is no http(s) proxy */
export function createHttp1ProxyAgent(
  options: string | ({ uri: string } & AgentOptions),
  timeoutMs?: number,
): ConnectionDispatcher {
  const given = typeof options === "string" ? { uri: options } : options;
  const uri = parseProxyUrl(given.uri).href;
  return deferDispatcher(
    ({ ProxyAgent }) =>
      new ProxyAgent({
        ...limits(timeoutMs),
        ...given,
        uri,
        allowH2: false,
      } as ConstructorParameters<typeof ProxyAgent>[0]),
  );
}

/** Where connections go instead of straight to the host. */
export type DispatcherPolicy =
  | { mode: "direct"; connect?: object }
  | { mode: "env-proxy"; connect?: object; proxyTls?: object }
  | { mode: "explicit-proxy"; proxyUrl: string; allowPrivateProxy?: boolean; proxyTls?: object };

/**
 * Connections that reach only the addresses a name was resolved to and checked with. A proxy resolves names
 * itself: then only the proxy's own address is checked, as the host was before.
 *
 * @throws SsrFBlockedError for a proxy at a private address that `policy` does not allow
 */
export function createPinnedDispatcher(
  pinned: PinnedHostname,
  dispatcherPolicy?: DispatcherPolicy,
  policy?: EgressPolicy,
): ConnectionDispatcher {
  const lookup = { lookup: pinned.lookup };
  if (dispatcherPolicy?.mode === "explicit-proxy") {
    const proxy = parseProxyUrl(dispatcherPolicy.proxyUrl);
    if (dispatcherPolicy.allowPrivateProxy === false && isBlockedHostnameOrIp(proxy.hostname, policy)) {
      throw new SsrFBlockedError(`the proxy "${proxy.hostname}" is at a private or local address`);
    }
    return createHttp1ProxyAgent({ uri: proxy.href, proxyTls: dispatcherPolicy.proxyTls });
  }
  if (dispatcherPolicy?.mode === "env-proxy") {
    return createHttp1EnvHttpProxyAgent({
      connect: { ...dispatcherPolicy.connect, ...lookup },
      ...(dispatcherPolicy.proxyTls ? { proxyTls: dispatcherPolicy.proxyTls } : {}),
    });
  }
  return deferDispatcher(
    ({ Agent }) =>
      new Agent({ allowH2: false, connect: { ...dispatcherPolicy?.connect, ...lookup } as never }),
  );
}

/** Ends a dispatcher's connections; one that can not be closed politely is destroyed, a failure is nobody's. */
export async function closeDispatcher(dispatcher?: unknown): Promise<void> {
  const target = dispatcher as Partial<Pick<ConnectionDispatcher, "close" | "destroy">> | null | undefined;
  try {
    if (typeof target?.destroy === "function") await target.destroy();
    else if (typeof target?.close === "function") await target.close();
  } catch {
    // It was closed already.
  }
}
