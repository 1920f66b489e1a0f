import { extname } from "node:path";

/** Types of files and the extensions that go with them. */

const EXTENSIONS: Readonly<Record<string, string>> = {
  "image/jpeg": ".jpg",
  "image/png": ".png",
  "image/gif": ".gif",
  "image/webp": ".webp",
  "image/heic": ".heic",
  "image/svg+xml": ".svg",
  "audio/ogg": ".ogg",
  "audio/mpeg": ".mp3",
  "audio/mp4": ".m4a",
  "audio/wav": ".wav",
  "audio/flac": ".flac",
  "audio/aac": ".aac",
  "video/mp4": ".mp4",
  "video/webm": ".webm",
  "video/quicktime": ".mov",
  "application/pdf": ".pdf",
  "application/json": ".json",
  "application/epub+zip": ".epub",
  "application/zip": ".zip",
  "application/gzip": ".gz",
  "application/msword": ".doc",
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
  "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
  "text/plain": ".txt",
  "text/markdown": ".md",
  "text/csv": ".csv",
  "text/html": ".html",
};

const ALIASES: Readonly<Record<string, string>> = {
  "image/jpg": "image/jpeg",
  "audio/mp3": "audio/mpeg",
  "audio/x-m4a": "audio/mp4",
  "audio/m4a": "audio/mp4",
  "audio/x-wav": "audio/wav",
  "audio/opus": "audio/ogg",
};

const TYPES: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.entries(EXTENSIONS).map(([type, extension]) => [extension, type])),
  ".jpeg": "image/jpeg",
  ".oga": "audio/ogg",
  ".opus": "audio/ogg",
};

/** In lower case, without parameters, by its usual name. */
export function normalizeMimeType(mime?: string | null): string | undefined {
  const type = mime?.split(";")[0]?.trim().toLowerCase();
  if (!type) return undefined;
  return Object.hasOwn(ALIASES, type) ? ALIASES[type] : type;
}

/** With the dot. */
export function extensionForMime(mime?: string | null): string | undefined {
  const type = normalizeMimeType(mime);
  return type !== undefined && Object.hasOwn(EXTENSIONS, type) ? EXTENSIONS[type] : undefined;
}

export function getFileExtension(path?: string | null): string | undefined {
  if (!path) return undefined;
  const name = /^https?:/i.test(path) && URL.canParse(path) ? new URL(path).pathname : path;
  return extname(name).toLowerCase() || undefined;
}

export function mimeTypeFromFilePath(path?: string | null): string | undefined {
  const extension = getFileExtension(path);
  return extension !== undefined && Object.hasOwn(TYPES, extension) ? TYPES[extension] : undefined;
}
