const MEBIBYTE = 1_024 * 1_024;

/** The largest attachments by kind, unless a channel says otherwise (spec 4.11). */
export const MAX_IMAGE_BYTES = 6 * MEBIBYTE;
export const MAX_AUDIO_BYTES = 16 * MEBIBYTE;
export const MAX_VIDEO_BYTES = 16 * MEBIBYTE;
export const MAX_DOCUMENT_BYTES = 100 * MEBIBYTE;

const BY_KIND: Readonly<Record<string, number>> = {
  image: MAX_IMAGE_BYTES,
  audio: MAX_AUDIO_BYTES,
  video: MAX_VIDEO_BYTES,
};

/** Anything but an image, audio or video counts as a document. */
export function maxBytesForKind(kind: string): number {
  return Object.hasOwn(BY_KIND, kind) ? (BY_KIND[kind] as number) : MAX_DOCUMENT_BYTES;
}
