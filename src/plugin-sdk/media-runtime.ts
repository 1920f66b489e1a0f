export { readResponseTextSnippet, readResponseWithLimit } from "../runtime/egress/index.ts";
export {
  extensionForMime,
  getFileExtension,
  getImageMetadata,
  isVoiceCompatibleAudio,
  isVoiceCompatibleAudio as isVoiceMessageCompatibleAudio,
  MAX_AUDIO_BYTES,
  MAX_IMAGE_BYTES,
  MediaFetchError,
  maxBytesForKind,
  parseMediaContentLength,
} from "../runtime/media/index.ts";
export { resolveChannelMediaMaxBytes } from "./accounts/account-config.ts";
export { mediaKindOf as kindFromMime, mediaKindOf as mediaKindFromMime } from "./inbound/media.ts";
export { resolveOutboundAttachmentFromUrl } from "./media/attachments.ts";
export {
  MEDIA_FFMPEG_MAX_AUDIO_DURATION_SECS,
  parseFfprobeCodecAndSampleRate,
  resolveFfmpegBin,
  transcodeAudioBufferToOpus,
} from "./media/audio.ts";
export { describeImageWithModel } from "./media/image-description.ts";
export {
  isInboundPathAllowed,
  isValidInboundPathRootPattern,
  mergeInboundPathRoots,
} from "./media/inbound-roots.ts";
export { buildOutboundMediaLoadOptions } from "./media/load-options.ts";
export {
  extractOriginalFilename,
  getMediaDir,
  saveMediaBuffer,
  unlinkIfExists,
} from "./media/media-store.ts";
export { detectMime } from "./media/mime.ts";
export { getAgentScopedMediaLocalRoots } from "./media/outbound-media.ts";
export { transcribeFirstAudio } from "./media/preflight-audio.ts";
export { runFfmpeg, runFfprobe } from "./media/programs.ts";
export { renderQrPngBase64, renderQrPngDataUrl, renderQrTerminal } from "./media/qr.ts";
export {
  fetchRemoteMedia,
  readRemoteMediaBuffer,
  saveRemoteMedia,
  saveResponseMedia,
} from "./media/remote-media.ts";
export { resizeToJpeg } from "./media/resize-image.ts";
export { canonicalizeBase64, estimateBase64DecodedBytes } from "./media/values.ts";
export { normalizePollDurationHours, normalizePollInput, type PollInput } from "./values/polls.ts";
