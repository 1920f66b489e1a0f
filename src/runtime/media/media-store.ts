import { mkdir, writeFile } from "node:fs/promises";
import { extname, join } from "node:path";
import type { SavedMedia } from "../../contracts/media-files.ts";
import { SluiceError } from "../../kernel/errors.ts";
import { newUuid } from "../../kernel/ids.ts";
import { detectMime } from "./detect-mime.ts";
import { extensionForMime } from "./mime-types.ts";

export const DEFAULT_MAX_MEDIA_BYTES = 5 * 1_024 * 1_024;

/**
 * Keeps bytes that a platform sent: `<state>/media/<subdir>/<uuid>---<safe name>` (spec 1.19).
 *
 * @param contentType what the sender calls them; believed when neither they nor a name say more
 * @param nameHint a name that tells the type when there is no `originalFilename`
 * @throws SluiceError `MEDIA_TOO_LARGE`
 */
export async function saveMediaBuffer(
  stateDir: string,
  buffer: Uint8Array,
  contentType?: string,
  subdir = "inbound",
  maxBytes = DEFAULT_MAX_MEDIA_BYTES,
  originalFilename?: string,
  nameHint?: string,
): Promise<SavedMedia> {
  if (buffer.byteLength > maxBytes) {
    throw new SluiceError(
      "MEDIA_TOO_LARGE",
      `the file has ${buffer.byteLength} bytes; at most ${maxBytes} are kept`,
    );
  }
  const folder = join(stateDir, "media", safeName(subdir, "inbound"));
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const fileName = originalFilename ?? nameHint;
  const type = detectMime(buffer, { headerMime: contentType ?? null, fileName, nameFirst: true });
  const name = safeName(originalFilename ?? "file", "file");
  const extension = extname(name) === "" ? (extensionForMime(type) ?? "") : "";
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
