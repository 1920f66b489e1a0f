import { definePluginEntry } from "sluice/plugin-sdk/plugin-entry";
import { completionsStream } from "./completions-stream.ts";
import { detectOllama } from "./discover.ts";
import { COMPLETIONS_API, ollamaAddress, type PluginSettings, providerRow } from "./endpoints.ts";
import { buildOpenAIProvider } from "./openai-provider.ts";
import { buildOpenAIRealtimeTranscriptionProvider } from "./realtime/transcription.ts";
import { buildOpenAIRealtimeVoiceProvider } from "./realtime/voice.ts";

const DETECTED_PRIORITY = 10;

/** Servers that think want it back between tool calls, and few want it after the answer. */
const keepThoughtsOfThisTurn = () => ({ dropReasoningFromHistory: true });

export default definePluginEntry({
  id: "openai-compatible",
  name: "OpenAI-compatible models",
  description: "Chat completions of OpenAI, Ollama and every server that speaks the same protocol.",
  register(api) {
    const settings = (api.pluginConfig ?? {}) as PluginSettings;
    api.registerProvider(buildOpenAIProvider(settings));
    api.registerRealtimeTranscriptionProvider(buildOpenAIRealtimeTranscriptionProvider());
    api.registerRealtimeVoiceProvider(buildOpenAIRealtimeVoiceProvider());

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
