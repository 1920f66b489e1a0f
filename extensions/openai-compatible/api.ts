export {
  applyOpenAIConfig,
  applyOpenAIProviderConfig,
  OPENAI_DEFAULT_MODEL,
  OPENAI_DEFAULT_MODEL_ID,
} from "./onboarding.ts";
export { buildOpenAIProvider } from "./openai-provider.ts";
export { buildOpenAIRealtimeTranscriptionProvider } from "./realtime/transcription.ts";
export { buildOpenAIRealtimeVoiceProvider } from "./realtime/voice.ts";
