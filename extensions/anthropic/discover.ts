import { listModelIds } from "sluice/plugin-sdk/model-stream";
import { authHeaders, endpointOf } from "./request.ts";

/** How long the server may take to list its models. */
export const LIST_TIMEOUT_MS = 3_000;
export const MAX_LISTED_MODELS = 500;
const MAX_LIST_BYTES = 4_194_304;

/** Ids of `GET /v1/models`; none when the server cannot be asked or refuses. */
export async function listClaudeModels(
  { baseUrl, apiKey }: { baseUrl: string; apiKey: string },
  signal?: AbortSignal,
): Promise<string[]> {
  const url = `${endpointOf(baseUrl, "models")}?limit=${MAX_LISTED_MODELS}`;
  const headers = authHeaders(apiKey);
  const ask = { headers, timeoutMs: LIST_TIMEOUT_MS, maxBytes: MAX_LIST_BYTES, signal };
  return listModelIds(url, ask, MAX_LISTED_MODELS);
}
