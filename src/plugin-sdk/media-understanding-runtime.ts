import { requireHost } from "./ambient/host.ts";

export { createChannelPreflightAudio, formatAudioTranscriptForAgent } from "./media/preflight-audio.ts";

type Understand = (params: object) => Promise<unknown>;

function runtimeFunction(name: string): Understand {
  return requireHost(name).runtime.mediaUnderstanding[name] as Understand;
}

/** `api.runtime.mediaUnderstanding` of the running gateway. */
export function describeImageFile(params: object): Promise<unknown> {
  return runtimeFunction("describeImageFile")(params);
}

export function describeVideoFile(params: object): Promise<unknown> {
  return runtimeFunction("describeVideoFile")(params);
}

export function transcribeAudioFile(params: object): Promise<unknown> {
  return runtimeFunction("transcribeAudioFile")(params);
}

export function extractStructuredWithModel(params: object): Promise<unknown> {
  return runtimeFunction("extractStructuredWithModel")(params);
}
