import type { Dispatcher } from "undici";
import { createHttp1ProxyAgent } from "./dispatchers.ts";
import { encodedForm } from "./form-body.ts";
import { loadUndici } from "./undici.ts";

type FetchInput = string | URL | Request;
export type DispatcherInit = RequestInit & { dispatcher?: unknown };

/** The address of what `fetch` was given; empty for anything else. */
export function resolveRequestUrl(input: unknown): string {
  if (typeof input === "string") return input;
  if (input instanceof URL) return input.href;
  const url = (input as { url?: unknown } | null | undefined)?.url;
  return typeof url === "string" ? url : "";
}

/** `fetch` over the given dispatcher, with undici; without one the global `fetch`. */
export async function fetchWithRuntimeDispatcher(
  input: FetchInput,
  init: DispatcherInit = {},
): Promise<Response> {
  const { dispatcher, ...plain } = init;
  if (!dispatcher) return fetch(input, plain);
  const { fetch: undiciFetch } = await loadUndici();
  const request = await encodedForm({ ...(await partsOf(input)), ...plain });
  const response = await undiciFetch(resolveRequestUrl(input), {
    ...request,
    dispatcher: dispatcher as Dispatcher,
  } as unknown as Parameters<typeof undiciFetch>[1]);
  return response as unknown as Response;
}

/** undici does not know the global class, so a request is taken apart. */
async function partsOf(input: FetchInput): Promise<RequestInit> {
  if (typeof input === "string" || input instanceof URL) return {};
  const hasBody = input.body !== null;
  return {
    method: input.method,
    headers: input.headers,
    redirect: input.redirect,
    signal: input.signal,
    ...(hasBody ? { body: await input.arrayBuffer() } : {}),
  };
}

/** The same; a global `fetch` that a test put in place is asked first. */
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
