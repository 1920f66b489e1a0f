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
