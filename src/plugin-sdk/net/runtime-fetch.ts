import {
  createHttp1ProxyAgent,
  type DispatcherInit,
  type FetchInput,
  fetchWithRuntimeDispatcher,
} from "../../runtime/egress/index.ts";

/** `fetch` over the given dispatcher; a global `fetch` that a test put in place is asked first. */
export async function fetchWithRuntimeDispatcherOrMockedGlobal(
  input: FetchInput,
  init: DispatcherInit = {},
): Promise<Response> {
  if ((globalThis.fetch as { mock?: unknown }).mock !== undefined) return fetch(input, init);
  return fetchWithRuntimeDispatcher(input, init);
}

/** `fetch` through one proxy. @throws for an address that is no http(s) proxy */
export function makeProxyFetch(proxyUrl: string): typeof fetch {
  const dispatcher = createHttp1ProxyAgent(proxyUrl);
  return (input, init) => fetchWithRuntimeDispatcher(input as FetchInput, { ...init, dispatcher });
}

interface SignalLike {
  aborted: boolean;
  reason?: unknown;
  addEventListener?(type: "abort", listener: () => void, options?: { once: boolean }): void;
  removeEventListener?(type: "abort", listener: () => void): void;
}

/** A `fetch` that also takes abort signals of other libraries, which the real one refuses. */
export function wrapFetchWithAbortSignal(fetchImpl: typeof fetch): typeof fetch {
  return async (input, init) => {
    const signal = init?.signal as SignalLike | null | undefined;
    if (!signal || signal instanceof AbortSignal) return fetchImpl(input, init);
    const controller = new AbortController();
    const abort = () => controller.abort(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener?.("abort", abort, { once: true });
    try {
      return await fetchImpl(input, { ...init, signal: controller.signal });
    } finally {
      signal.removeEventListener?.("abort", abort);
    }
  };
}

/** The options of a guarded fetch that goes through the proxy of the environment, if there is one. */
export function withTrustedEnvProxyGuardedFetchMode<Options extends object>(
  options: Options,
): Options & { mode: "trusted_env_proxy" } {
  return { ...options, mode: "trusted_env_proxy" };
}
