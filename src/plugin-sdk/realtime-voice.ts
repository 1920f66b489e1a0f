export { normalizeProviderName as normalizeRealtimeVoiceProviderId } from "./providers/registered.ts";
export { matchRealtimeVoiceActivationName } from "./voice/activation-names.ts";
export {
  convertPcmToMulaw8k,
  createStreamingPcmResampler,
  isRealtimeVoiceAudioAudible,
  mulawToPcm,
  pcmToMulaw,
  REALTIME_VOICE_AUDIO_FORMAT_G711_ULAW_8KHZ,
  REALTIME_VOICE_AUDIO_FORMAT_PCM16_24KHZ,
  realtimeVoiceAudioDurationMs,
  resamplePcm,
} from "./voice/audio.ts";
export {
  buildRealtimeVoiceAgentErrorProviderResult,
  buildRealtimeVoiceSessionInstructions,
  buildRealtimeVoiceSpeakExactMessage,
  classifyRealtimeVoiceConsultToolCall,
  classifySkippableRealtimeVoiceConsultTranscript,
  matchRealtimeVoiceConsultQuestions,
  parseRealtimeVoiceAgentControlToolArgs,
  REALTIME_VOICE_AGENT_CONSULT_TOOL,
  REALTIME_VOICE_AGENT_CONSULT_TOOL_NAME,
  REALTIME_VOICE_AGENT_CONTROL_TOOL,
  REALTIME_VOICE_AGENT_CONTROL_TOOL_NAME,
  resolveRealtimeVoiceAgentConsultTools,
  shouldAutoControlRealtimeVoiceAgentText,
} from "./voice/consult.ts";
export { createRealtimeVoiceOutputActivityTracker } from "./voice/output-activity.ts";
export {
  canonicalizeRealtimeVoiceProviderId,
  getRealtimeVoiceProvider,
  listRealtimeVoiceProviders,
  resolveConfiguredRealtimeVoiceProvider,
} from "./voice/provider-choice.ts";
export { createRealtimeVoiceAgentTalkbackQueue } from "./voice/talkback-queue.ts";
