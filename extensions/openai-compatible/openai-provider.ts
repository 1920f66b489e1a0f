import type { ProviderCatalogContext, ProviderPlugin } from "sluice/plugin-sdk/model-stream";
import { completionsStream } from "./completions-stream.ts";
import { listModels } from "./discover.ts";
import {
  COMPLETIONS_API,
  configuredRows,
  openaiEndpoint,
  type PluginSettings,
  providerRow,
  textOf,
} from "./endpoints.ts";

/** Chosen by the user; beats what was found. */
const CONFIGURED_PRIORITY = 30;
const ENDPOINT_PRIORITY = 20;

/** The provider `openai`, and the transport of every configured provider with `api: "openai-completions"`. */
export function buildOpenAIProvider(settings: PluginSettings = {}): ProviderPlugin {
  const endpoint = (context: ProviderCatalogContext) =>
    openaiEndpoint(settings, providerRow(context, "openai"), context.env);
  return {
    id: "openai",
    label: "OpenAI and compatible servers",
    docsPath: "/providers/openai",
    auth: [],
    envVars: ["OPENAI_API_KEY"],
    servesApis: [COMPLETIONS_API],
    catalog: {
      async run(context) {
        const found = endpoint(context);
        if (!found) return null;
        const ids = await listModels(found, context.signal);
        const wanted = textOf(settings.defaultModel) ?? textOf(context.env["OPENAI_MODEL"]);
        const all = wanted && !ids.includes(wanted) ? [wanted, ...ids] : ids;
        return {
          provider: { ...found, api: COMPLETIONS_API, models: all.map((id) => ({ id })) },
        };
      },
    },
    async suggestDefaultModel(context) {
      for (const [id, row] of configuredRows(context)) {
        const first = row.models?.[0]?.id;
        if (first) return { model: `${id}/${first}`, priority: CONFIGURED_PRIORITY };
      }
      const found = endpoint(context);
      if (!found) return null;
      const wanted =
        textOf(settings.defaultModel) ?? textOf(context.env["OPENAI_MODEL"]) ?? (await listModels(found))[0];
      return wanted ? { model: `openai/${wanted}`, priority: ENDPOINT_PRIORITY } : null;
    },
    // Any model name the server knows may be used, listed or not.
    resolveDynamicModel(context) {
      const row = context.providerConfig;
      const found = openaiEndpoint(settings, row, context.env);
      const baseUrl = textOf(row?.baseUrl) ?? found?.baseUrl;
      return baseUrl ? { id: context.modelId, api: COMPLETIONS_API, baseUrl } : null;
    },
    resolveSyntheticAuth() {
      const key = textOf(settings.apiKey);
      return key ? { apiKey: key, source: "plugin config", mode: "api-key" } : null;
    },
    createStreamFn: () => completionsStream,
  };
}
