export { sleepWithAbort } from "./values/async.ts";
export { truncateUtf16Safe } from "./values/text.ts";
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
export { REALTIME_VOICE_AGENT_CONSULT_TOOL_NAME } from "./voice/consult.ts";
export { createRealtimeVoiceOutputActivityTracker } from "./voice/output-activity.ts";
