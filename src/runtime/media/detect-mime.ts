import { getFileExtension, mimeTypeFromFilePath, normalizeMimeType } from "./mime-types.ts";

/** Stated by servers that do not know. */
const GENERIC = new Set(["application/octet-stream", "binary/octet-stream", "application/binary"]);

export interface MimeHints {
  /** A `content-type` header, or several statements, the best first. */
  headerMime?: string | null | readonly (string | null | undefined)[];
  /** A file name, path or address. */
  fileName?: string | undefined;
  /** Believes a name more than a header; for files of servers, which often name a type that fits everything. */
  nameFirst?: boolean;
}

/**
 * The type of some bytes: what their beginning says, else the header unless it is a generic one, else the
 * extension (spec 4.11). What holds several kinds of files is refined by these: office files are ZIPs, and the
 * containers of MP4 and Ogg hold sound or pictures.
 */
export function detectMime(bytes: Uint8Array | undefined, hints: MimeHints = {}): string | undefined {
  const named = mimeTypeFromFilePath(hints.fileName);
  const stated = [hints.headerMime]
    .flat()
    .map((hint) => normalizeMimeType(hint))
    .find((hint) => hint !== undefined && !GENERIC.has(hint));
  const told = hints.nameFirst ? [named, stated] : [stated, named];
  const sniffed = bytes ? sniff(bytes) : undefined;
  if (sniffed === undefined) return told[0] ?? told[1];
  const refines = REFINEMENTS.get(sniffed);
  return (refines && told.find((type) => type !== undefined && refines(type))) ?? sniffed;
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
  return VOICE_EXTENSIONS.has(getFileExtension(fileName) ?? "");
}

/** Types that lie in a container which is sniffed. */
const REFINEMENTS = new Map<string, (type: string) => boolean>([
  ["application/zip", (type) => type.includes("openxmlformats") || type === "application/epub+zip"],
  ["video/mp4", (type) => type === "audio/mp4" || type === "video/quicktime"],
  ["audio/ogg", (type) => type === "video/ogg"],
]);

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
