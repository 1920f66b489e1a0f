export { mediaKindOf as mediaKindFromMime } from "./inbound/media.ts";
export { extensionForMime, getFileExtension, mimeTypeFromFilePath, normalizeMimeType } from "./media/mime.ts";
