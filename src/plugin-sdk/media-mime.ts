export { mediaKindOf as mediaKindFromMime } from "./inbound/media.ts";
export {
  detectMime,
  extensionForMime,
  getFileExtension,
  mimeTypeFromFilePath,
  normalizeMimeType,
} from "./media/mime.ts";
