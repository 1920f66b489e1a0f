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
  const limit = AbortSignal.timeout(LIST_TIMEOUT_MS);
  try {
    const response = await fetch(`${endpointOf(baseUrl, "models")}?limit=${MAX_LISTED_MODELS}`, {
      headers: authHeaders(apiKey),
      redirect: "manual",
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
    if (!response.ok || Number(response.headers.get("content-length") ?? 0) > MAX_LIST_BYTES) {
      await response.body?.cancel();
      return [];
    }
    const text = await response.text();
    if (text.length > MAX_LIST_BYTES) return [];
    const { data } = JSON.parse(text) as { data?: { id?: unknown }[] };
    if (!Array.isArray(data)) return [];
    const ids = data.map((row) => row?.id).filter((id) => typeof id === "string" && id !== "");
    return (ids as string[]).slice(0, MAX_LISTED_MODELS);
  } catch {
    return [];
  }
}
