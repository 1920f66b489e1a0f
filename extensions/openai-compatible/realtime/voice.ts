import { textOf } from "../endpoints.ts";
import { type RealtimeSettings, realtimeEndpoint } from "./settings.ts";
import { OPENAI_DEFAULT_REALTIME_MODEL, VoiceBridge, type VoiceRequest } from "./voice-bridge.ts";

const FORMATS = [
  { encoding: "g711_ulaw", sampleRateHz: 8_000, channels: 1 },
  { encoding: "pcm16", sampleRateHz: 24_000, channels: 1 },
];

/** Conversations by voice over a realtime session (spec 3.3.5). */
export function buildOpenAIRealtimeVoiceProvider() {
  return {
    id: "openai",
    label: "OpenAI realtime voice",
    aliases: ["openai-realtime"],
    autoSelectOrder: 10,
    defaultModel: OPENAI_DEFAULT_REALTIME_MODEL,
    capabilities: {
      transports: ["gateway-relay"],
      inputAudioFormats: FORMATS,
      outputAudioFormats: FORMATS,
      supportsBargeIn: true,
      handlesInputAudioBargeIn: true,
      supportsToolCalls: true,
    },
    resolveConfig: ({ rawConfig }: { rawConfig?: RealtimeSettings }) => ({
      ...rawConfig,
      model: textOf(rawConfig?.["model"]) ?? OPENAI_DEFAULT_REALTIME_MODEL,
    }),
    isConfigured: ({ cfg, providerConfig }: Pick<VoiceRequest, "cfg" | "providerConfig">) =>
      realtimeEndpoint(providerConfig ?? {}, cfg).apiKey !== undefined,
    createBridge: (request: VoiceRequest) => new VoiceBridge(request),
  };
}
