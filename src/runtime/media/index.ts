import { detectMime, isVoiceCompatibleAudio, type MimeHints, mediaKindFromMime } from "./detect-mime.ts";
import { getImageMetadata } from "./image-size.ts";

/** `api.runtime.media` (spec 4.11): what a file is, told from its bytes. */
export interface PluginRuntimeMedia {
  /** Takes the bytes, or `{ buffer, headerMime, filePath }`. */
  detectMime(
    given: Uint8Array | { buffer?: Uint8Array; headerMime?: string | null; filePath?: string },
  ): Promise<string | undefined>;
  mediaKindFromMime: typeof mediaKindFromMime;
  isVoiceCompatibleAudio: typeof isVoiceCompatibleAudio;
  getImageMetadata: typeof getImageMetadata;
}

export function mediaNamespace(): PluginRuntimeMedia {
  return {
    async detectMime(given) {
      if (given instanceof Uint8Array) return detectMime(given);
      const hints: MimeHints = {
        ...(given.headerMime ? { headerMime: given.headerMime } : {}),
        ...(given.filePath ? { fileName: given.filePath } : {}),
      };
      return detectMime(given.buffer, hints);
    },
    mediaKindFromMime,
    isVoiceCompatibleAudio,
    getImageMetadata,
  };
}
export { detectMime, isVoiceCompatibleAudio } from "./detect-mime.ts";
export { MediaFetchError, parseMediaContentLength } from "./fetch-error.ts";
export { sanitizeUntrustedFileName } from "./file-name.ts";
export { getImageMetadata } from "./image-size.ts";
export { MAX_AUDIO_BYTES, MAX_IMAGE_BYTES, maxBytesForKind } from "./limits.ts";
export { DEFAULT_MAX_MEDIA_BYTES, saveMediaBuffer } from "./media-store.ts";
export { extensionForMime, getFileExtension, mimeTypeFromFilePath, normalizeMimeType } from "./mime-types.ts";
export { readRemoteMediaBuffer, saveRemoteMedia, saveResponseMedia } from "./remote-media.ts";
