import { mkdir, writeFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { SluiceError } from "../../kernel/errors.ts";
import { newUuid } from "../../kernel/ids.ts";

export const DEFAULT_MAX_MEDIA_BYTES = 5 * 1_024 * 1_024;

export interface SavedMedia {
  id: string;
  /** Absolute path; mode 0600. */
  path: string;
  size: number;
  contentType?: string;
}

const EXTENSIONS = new Map(
  Object.entries({
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "audio/ogg": ".ogg",
    "audio/mpeg": ".mp3",
    "audio/mp4": ".m4a",
    "video/mp4": ".mp4",
    "application/pdf": ".pdf",
    "text/plain": ".txt",
  }),
);

/**
 * Keeps bytes that a platform sent: `<state>/media/<subdir>/<uuid>---<safe name>` (spec 1.19).
 *
 * @throws SluiceError `MEDIA_TOO_LARGE`
 */
export async function saveMediaBuffer(
  stateDir: string,
  buffer: Uint8Array,
  contentType?: string,
  subdir = "inbound",
  maxBytes = DEFAULT_MAX_MEDIA_BYTES,
  originalFilename?: string,
): Promise<SavedMedia> {
  if (buffer.byteLength > maxBytes) {
    throw new SluiceError(
      "MEDIA_TOO_LARGE",
      `the file has ${buffer.byteLength} bytes; at most ${maxBytes} are kept`,
    );
  }
  const folder = join(stateDir, "media", safeName(subdir, "inbound"));
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const type = sniff(buffer) ?? contentType?.split(";")[0]?.trim().toLowerCase();
  const name = safeName(originalFilename ?? "file", "file");
  const extension = extname(name) === "" ? (EXTENSIONS.get(type ?? "") ?? "") : "";
  const id = `${newUuid()}---${name}${extension}`;
  const path = join(folder, id);
  await writeFile(path, buffer, { mode: 0o600, flag: "wx" });
  return { id, path, size: buffer.byteLength, ...(type === undefined ? {} : { contentType: type }) };
}

/** One path part of harmless characters. */
function safeName(raw: string, fallback: string): string {
  const name = raw
    .replace(/[^\p{L}\p{N}._-]+/gu, "_")
    .replace(/^[._]+/, "")
    .slice(0, 80);
  return name === "" ? fallback : name;
}

/** The type by the first bytes; a stated type is only believed when these say nothing. */
function sniff(buffer: Uint8Array): string | undefined {
  const starts = (...bytes: number[]) => bytes.every((byte, index) => buffer[index] === byte);
  if (starts(0x89, 0x50, 0x4e, 0x47)) return "image/png";
  if (starts(0xff, 0xd8, 0xff)) return "image/jpeg";
  if (starts(0x47, 0x49, 0x46, 0x38)) return "image/gif";
  if (starts(0x25, 0x50, 0x44, 0x46)) return "application/pdf";
  if (starts(0x4f, 0x67, 0x67, 0x53)) return "audio/ogg";
  return undefined;
}
