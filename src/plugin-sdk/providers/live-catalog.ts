import type { ProviderConfig } from "../../contracts/provider.ts";
import { readProviderJsonResponse } from "../net/responses.ts";
import { isRecord, type UnknownRecord } from "../values/records.ts";

/** How long a server may take to list its models. */
export const LIVE_CATALOG_TIMEOUT_MS = 5_000;
export const MAX_LISTED_MODELS = 2_000;
const MAX_LIST_BYTES = 8_388_608;

type Model = NonNullable<ProviderConfig["models"]>[number];

export interface LiveDiscoveryOptions {
  timeoutMs?: number;
  /** `none`: the list is public and is asked for without the key. */
  authentication?: "none" | "bearer";
  /** Makes models of what the server lists; by default known ones keep what is known of them. */
  projectRows?(rows: readonly unknown[], known: ProviderConfig): readonly Model[];
  [extra: string]: unknown;
}

export interface LiveCatalogParams extends LiveDiscoveryOptions {
  providerId: string;
  /** What is known beforehand; its address is the one that is asked. */
  providerConfig: ProviderConfig;
  apiKey?: string | undefined;
  /** A key for the list alone. */
  discoveryApiKey?: string | undefined;
  signal?: AbortSignal | undefined;
  fetchFn?: typeof fetch;
}

/**
 * A provider's catalogue with the models its server lists (`GET {baseUrl}/models`). A server that cannot be
 * asked, or lists nothing, leaves what is known beforehand.
 */
export async function buildOpenAICompatibleLiveProviderCatalog(
  params: LiveCatalogParams,
): Promise<{ provider: ProviderConfig }> {
  const { providerConfig, apiKey } = params;
  const provider = { ...providerConfig, ...(apiKey === undefined ? {} : { apiKey }) };
  const rows = await listedRows(params).catch(() => []);
  const project = params.projectRows ?? knownFirst;
  const models = project(rows.slice(0, MAX_LISTED_MODELS), providerConfig);
  return { provider: models.length > 0 ? { ...provider, models: [...models] } : provider };
}

async function listedRows(params: LiveCatalogParams): Promise<readonly unknown[]> {
  const { providerConfig, providerId, timeoutMs = LIVE_CATALOG_TIMEOUT_MS, fetchFn = fetch } = params;
  const key = params.authentication === "none" ? undefined : (params.discoveryApiKey ?? params.apiKey);
  const limit = AbortSignal.timeout(timeoutMs);
  const response = await fetchFn(`${(providerConfig.baseUrl ?? "").replace(/\/+$/, "")}/models`, {
    headers: { accept: "application/json", ...(key === undefined ? {} : { authorization: `Bearer ${key}` }) },
    // The key is for this address, not for whatever it points to.
    redirect: "error",
    signal: params.signal ? AbortSignal.any([params.signal, limit]) : limit,
  });
  if (!response.ok) {
    await response.body?.cancel();
    return [];
  }
  const body = await readProviderJsonResponse(response, `${providerId} models`, { maxBytes: MAX_LIST_BYTES });
  const rows = isRecord(body) ? (body["data"] ?? body["models"]) : body;
  return Array.isArray(rows) ? rows : [];
}

/** What the server lists, with what is known of it; without what says it does not chat. */
function knownFirst(rows: readonly unknown[], known: ProviderConfig): Model[] {
  const byId = new Map((known.models ?? []).map((model) => [model.id, model]));
  const listed = rows.filter(isRecord).filter(chats);
  return listed.map((row) => byId.get(row.id) ?? { id: row.id, name: row.id });
}

function chats(row: UnknownRecord): row is UnknownRecord & { id: string } {
  const capabilities = row["capabilities"];
  const refuses = isRecord(capabilities) && capabilities["completion_chat"] === false;
  return typeof row["id"] === "string" && row["id"].trim() !== "" && !refuses;
}
