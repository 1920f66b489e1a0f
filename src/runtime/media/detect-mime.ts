import { extname } from "node:path";

/** Types by the extension of a name; also what a sniffed container is refined with. */
const BY_EXTENSION: Readonly<Record<string, string>> = {
  ".jpg": "image/jpeg",
  ".jpeg": "image/jpeg",
  ".png": "image/png",
  ".gif": "image/gif",
  ".webp": "image/webp",
  ".heic": "image/heic",
  ".svg": "image/svg+xml",
  ".ogg": "audio/ogg",
  ".oga": "audio/ogg",
  ".opus": "audio/ogg",
  ".mp3": "audio/mpeg",
  ".m4a": "audio/mp4",
  ".wav": "audio/wav",
  ".flac": "audio/flac",
  ".aac": "audio/aac",
  ".mp4": "video/mp4",
  ".webm": "video/webm",
  ".mov": "video/quicktime",
  ".pdf": "application/pdf",
  ".json": "application/json",
  ".zip": "application/zip",
  ".gz": "application/gzip",
  ".doc": "application/msword",
  ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
  ".epub": "application/epub+zip",
  ".txt": "text/plain",
  ".md": "text/markdown",
  ".csv": "text/csv",
  ".html": "text/html",
};

/** Stated by servers that do not know. */
const GENERIC = new Set(["application/octet-stream", "binary/octet-stream", "application/binary"]);

export interface MimeHints {
  /** A `content-type` header; believed less than the bytes, more than a name. */
  headerMime?: string;
  /** A file name, path or address. */
  fileName?: string;
}

/**
 * The type of some bytes: what their beginning says, else the header unless it is a generic one, else the
 * extension. A ZIP is refined by the extension, as office files are ZIPs (spec 4.11).
 */
export function detectMime(bytes: Uint8Array | undefined, hints: MimeHints = {}): string | undefined {
  const extension = BY_EXTENSION[extname(nameOf(hints.fileName)).toLowerCase()];
  const sniffed = bytes ? sniff(bytes) : undefined;
  if (sniffed === "application/zip" && extension && isZipBased(extension)) return extension;
  if (sniffed) return sniffed;
  const stated = hints.headerMime?.split(";")[0]?.trim().toLowerCase();
  if (stated && !GENERIC.has(stated)) return stated;
  return extension;
}

/** `image`, `audio`, `video` or `document`; nothing for an empty type. */
export function mediaKindFromMime(
  mime: string | null | undefined,
): "image" | "audio" | "video" | "document" | undefined {
  const type = mime?.split(";")[0]?.trim().toLowerCase();
  if (!type) return undefined;
  const family = type.split("/")[0];
  return family === "image" || family === "audio" || family === "video" ? family : "document";
}

const VOICE_TYPES = new Set(
  "audio/ogg audio/opus audio/mpeg audio/mp3 audio/mp4 audio/m4a audio/x-m4a".split(" "),
);
const VOICE_EXTENSIONS = new Set([".ogg", ".oga", ".opus", ".mp3", ".m4a"]);

/** Whether chat platforms take the audio as a voice message. */
export function isVoiceCompatibleAudio(
  given: string | { contentType?: string | null; fileName?: string | null },
): boolean {
  const { contentType, fileName } =
    typeof given === "string" ? { contentType: undefined, fileName: given } : given;
  const type = contentType?.split(";")[0]?.trim().toLowerCase();
  if (type) return VOICE_TYPES.has(type);
  return VOICE_EXTENSIONS.has(extname(nameOf(fileName ?? undefined)).toLowerCase());
}

function nameOf(name: string | undefined): string {
  if (!name) return "";
  return /^https?:/i.test(name) && URL.canParse(name) ? new URL(name).pathname : name;
}

function isZipBased(type: string): boolean {
  return type.includes("openxmlformats") || type === "application/epub+zip";
}

function sniff(bytes: Uint8Array): string | undefined {
  const text = (from: number, length: number) => String.fromCharCode(...bytes.subarray(from, from + length));
  const starts = (...wanted: number[]) => wanted.every((byte, index) => bytes[index] === byte);
  if (starts(0x89, 0x50, 0x4e, 0x47)) return "image/png";
  if (starts(0xff, 0xd8, 0xff)) return "image/jpeg";
  if (text(0, 4) === "GIF8") return "image/gif";
  if (text(0, 4) === "%PDF") return "application/pdf";
  if (text(0, 4) === "OggS") return "audio/ogg";
  if (text(0, 4) === "fLaC") return "audio/flac";
  if (text(0, 3) === "ID3" || (starts(0xff) && ((bytes[1] ?? 0) & 0xe6) === 0xe2)) return "audio/mpeg";
  if (starts(0xff) && ((bytes[1] ?? 0) & 0xf6) === 0xf0) return "audio/aac";
  if (starts(0x1a, 0x45, 0xdf, 0xa3)) return "video/webm";
  if (starts(0x50, 0x4b, 0x03, 0x04)) return "application/zip";
  if (starts(0x1f, 0x8b)) return "application/gzip";
  if (text(0, 4) === "RIFF") {
    if (text(8, 4) === "WEBP") return "image/webp";
    if (text(8, 4) === "WAVE") return "audio/wav";
  }
  if (text(4, 4) === "ftyp") {
    const brand = text(8, 4);
    if (brand.startsWith("M4A")) return "audio/mp4";
    if (brand.startsWith("hei") || brand === "mif1") return "image/heic";
    return brand === "qt  " ? "video/quicktime" : "video/mp4";
  }
  return undefined;
}
