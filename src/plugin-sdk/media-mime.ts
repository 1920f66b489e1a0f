export {
  extensionForMime,
  getFileExtension,
  mimeTypeFromFilePath,
  normalizeMimeType,
} from "../runtime/media/index.ts";
export { mediaKindOf as mediaKindFromMime } from "./inbound/media.ts";
export { detectMime } from "./media/mime.ts";
