import { askModelServer, listModelIds } from "sluice/plugin-sdk/model-stream";
import type { Endpoint } from "./endpoints.ts";

/** How long a server may take to list its models. */
export const LIST_TIMEOUT_MS = 3_000;
/** How long a local Ollama may take to say that it is there. */
export const DETECT_TIMEOUT_MS = 400;
/** Models taken from one server's list. */
export const MAX_LISTED_MODELS = 500;
const MAX_LIST_BYTES = 4_194_304;

/** Ids a server lists at `GET {baseUrl}/models`; empty when it lists none or cannot be asked. */
export async function listModels(endpoint: Endpoint, signal?: AbortSignal): Promise<string[]> {
  const ask = {
    ...(endpoint.apiKey ? { headers: { authorization: `Bearer ${endpoint.apiKey}` } } : {}),
    timeoutMs: LIST_TIMEOUT_MS,
    maxBytes: MAX_LIST_BYTES,
    signal,
  };
  return listModelIds(`${endpoint.baseUrl}/models`, ask, MAX_LISTED_MODELS);
}

/** Models of a running Ollama, newest first; `undefined` when none answers. */
export async function detectOllama(address: string, signal?: AbortSignal): Promise<string[] | undefined> {
  const body = await askModelServer(`${address}/api/tags`, {
    timeoutMs: DETECT_TIMEOUT_MS,
    maxBytes: MAX_LIST_BYTES,
    signal,
  });
  const rows = (body as { models?: { name?: unknown; modified_at?: unknown }[] } | undefined)?.models;
  if (!Array.isArray(rows)) return undefined;
  return rows
    .toSorted((a, b) => String(b?.modified_at ?? "").localeCompare(String(a?.modified_at ?? "")))
    .map((row) => row?.name)
    .filter((name): name is string => typeof name === "string" && name !== "")
    .slice(0, MAX_LISTED_MODELS);
}
