import type { Dispatcher } from "undici";
import { encodedForm } from "./form-body.ts";
import { loadUndici } from "./undici.ts";

export type FetchInput = string | URL | Request;
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
