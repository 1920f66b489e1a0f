export {
  isSupportedRealtimeVoiceActivationName,
  matchRealtimeVoiceActivationName,
  normalizeRealtimeVoiceActivationName,
  normalizeRealtimeVoiceActivationNamePrefix,
  normalizeSupportedRealtimeVoiceActivationName,
  REALTIME_VOICE_ACTIVATION_NAME_MAX_WORDS,
  realtimeVoiceActivationNameWordCount,
  sortRealtimeVoiceActivationNames,
} from "./voice/activation-names.ts";
