import type { ChannelConfig } from "../../contracts/channel.ts";
import type { ProviderConfig } from "../../contracts/provider.ts";
import { asRecordOrEmpty, isRecord, readPath, type UnknownRecord } from "../values/records.ts";

/** Models that a plugin's manifest or the configuration states. */

type Model = { id: string } & UnknownRecord;

function modelsOf(value: unknown): Model[] {
  const list = asRecordOrEmpty(value)["models"];
  return (Array.isArray(list) ? list : [])
    .filter(isRecord)
    .filter((model): model is Model => typeof model["id"] === "string");
}

const DEFAULT_CONTEXT_WINDOW = 128_000;
const DEFAULT_MAX_TOKENS = 8_192;

/** A manifest's catalogue entry as provider settings, every model complete. */
export function buildManifestModelProviderConfig(params: {
  providerId: string;
  catalog: unknown;
}): Omit<ProviderConfig, "models"> & { models: Model[] } {
  const { models: _models, defaultModel: _default, ...provider } = asRecordOrEmpty(params.catalog);
  return {
    ...(provider as ProviderConfig),
    models: modelsOf(params.catalog).map((model) => ({
      name: model.id,
      reasoning: false,
      input: ["text"],
      cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
      contextWindow: DEFAULT_CONTEXT_WINDOW,
      maxTokens: DEFAULT_MAX_TOKENS,
      ...model,
    })),
  };
}

/** `<provider>/<model>` that the manifest names as the default, else its first model. */
export function readManifestProviderDefaultModelRef(manifest: unknown, providerId: string): string {
  const catalog = readPath(manifest, ["modelCatalog", "providers", providerId]);
  const stated = asRecordOrEmpty(catalog)["defaultModel"];
  const model = typeof stated === "string" ? stated : modelsOf(catalog)[0]?.id;
  if (model === undefined) throw new Error(`the manifest states no model of provider "${providerId}"`);
  return `${providerId}/${model}`;
}

export function normalizeProviderId(provider: string | undefined | null): string {
  return provider?.trim().toLowerCase() ?? "";
}

/** The models that the configuration adds to a provider, as catalogue entries. */
export function readConfiguredProviderCatalogEntries(params: {
  config?: ChannelConfig | undefined;
  providerId: string;
  publishedProviderId?: string;
}) {
  const providers = asRecordOrEmpty(readPath(params.config, ["models", "providers"]));
  const wanted = normalizeProviderId(params.providerId);
  const key = Object.keys(providers).find((candidate) => normalizeProviderId(candidate) === wanted);
  if (key === undefined) return [];
  return modelsOf(providers[key]).map((model) => ({
    provider: params.publishedProviderId ?? params.providerId,
    id: model.id,
    name: typeof model["name"] === "string" && model["name"].trim() ? model["name"] : model.id,
    ...(typeof model["contextWindow"] === "number" ? { contextWindow: model["contextWindow"] } : {}),
    ...(typeof model["reasoning"] === "boolean" ? { reasoning: model["reasoning"] } : {}),
    ...(Array.isArray(model["input"]) ? { input: model["input"] as string[] } : {}),
  }));
}
