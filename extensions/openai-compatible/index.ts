import type { ProviderCatalogContext } from "sluice/plugin-sdk/model-stream";
import { definePluginEntry } from "sluice/plugin-sdk/plugin-entry";
import { completionsStream } from "./completions-stream.ts";
import { detectOllama, listModels } from "./discover.ts";
import {
  COMPLETIONS_API,
  configuredRows,
  ollamaAddress,
  openaiEndpoint,
  type PluginSettings,
  providerRow,
  textOf,
} from "./endpoints.ts";

/** Chosen by the user; beats what was found. */
const CONFIGURED_PRIORITY = 30;
const ENDPOINT_PRIORITY = 20;
const DETECTED_PRIORITY = 10;

/** Servers that think want it back between tool calls, and few want it after the answer. */
const keepThoughtsOfThisTurn = () => ({ dropReasoningFromHistory: true });

export default definePluginEntry({
  id: "openai-compatible",
  name: "OpenAI-compatible models",
  description: "Chat completions of OpenAI, Ollama and every server that speaks the same protocol.",
  register(api) {
    const settings = (api.pluginConfig ?? {}) as PluginSettings;
    const endpoint = (context: ProviderCatalogContext) =>
      openaiEndpoint(settings, providerRow(context, "openai"), context.env);

    api.registerProvider({
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
          textOf(settings.defaultModel) ??
          textOf(context.env["OPENAI_MODEL"]) ??
          (await listModels(found))[0];
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
      buildReplayPolicy: keepThoughtsOfThisTurn,
      createStreamFn: () => completionsStream,
    });

    api.registerProvider({
      id: "ollama",
      label: "Ollama (local)",
      auth: [],
      catalog: {
        order: "late",
        async run(context) {
          if (settings.detectOllama === false) return null;
          const address = ollamaAddress(settings, providerRow(context, "ollama"), context.env);
          const models = await detectOllama(address, context.signal);
          if (!models) return null;
          return {
            provider: {
              baseUrl: `${address}/v1`,
              api: COMPLETIONS_API,
              models: models.map((id) => ({ id })),
            },
          };
        },
      },
      async suggestDefaultModel(context) {
        if (settings.detectOllama === false) return null;
        const address = ollamaAddress(settings, providerRow(context, "ollama"), context.env);
        const first = (await detectOllama(address))?.[0];
        return first ? { model: `ollama/${first}`, priority: DETECTED_PRIORITY } : null;
      },
      resolveDynamicModel(context) {
        const address = ollamaAddress(settings, context.providerConfig, context.env);
        return { id: context.modelId, api: COMPLETIONS_API, baseUrl: `${address}/v1` };
      },
      buildReplayPolicy: keepThoughtsOfThisTurn,
      createStreamFn: () => completionsStream,
    });
  },
});
