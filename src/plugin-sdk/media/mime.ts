import { extname } from "node:path";

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

const TYPES = Object.fromEntries(Object.entries(EXTENSIONS).map(([type, extension]) => [extension, type]));

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
  const name = /^https?:\/\//i.test(path) ? new URL(path).pathname : path;
  return extname(name).toLowerCase() || undefined;
}

export function mimeTypeFromFilePath(path?: string | null): string | undefined {
  const extension = getFileExtension(path);
  if (extension === ".jpeg") return "image/jpeg";
  return extension === undefined ? undefined : TYPES[extension];
}

const SIGNATURES: readonly [string, number, string][] = [
  ["89504e470d0a1a0a", 0, "image/png"],
  ["ffd8ff", 0, "image/jpeg"],
  ["474946383", 0, "image/gif"],
  ["57454250", 8, "image/webp"],
  ["25504446", 0, "application/pdf"],
  ["4f676753", 0, "audio/ogg"],
  ["494433", 0, "audio/mpeg"],
  ["664c6143", 0, "audio/flac"],
  ["57415645", 8, "audio/wav"],
  ["66747970", 4, "video/mp4"],
  ["1a45dfa3", 0, "video/webm"],
  ["504b0304", 0, "application/zip"],
  ["1f8b", 0, "application/gzip"],
];

/** From the first bytes, the name or what a server said; the first that knows, but a name beats `zip`. */
export async function detectMime(options: {
  buffer?: Buffer;
  headerMime?: string | null;
  additionalMimeHints?: readonly (string | null | undefined)[];
  filePath?: string;
}): Promise<string | undefined> {
  const hex = options.buffer?.subarray(0, 16).toString("hex") ?? "";
  const sniffed = SIGNATURES.find(([bytes, at]) => hex.startsWith(bytes, at * 2))?.[2];
  const named = mimeTypeFromFilePath(options.filePath);
  const stated = [options.headerMime, ...(options.additionalMimeHints ?? [])]
    .map((hint) => normalizeMimeType(hint))
    .find((hint) => hint !== undefined && hint !== "application/octet-stream");
  const isContainer = sniffed === "application/zip" || sniffed === "video/mp4" || sniffed === "audio/ogg";
  return (isContainer ? (named ?? stated ?? sniffed) : sniffed) ?? named ?? stated;
}
