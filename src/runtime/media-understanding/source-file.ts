import { open } from "node:fs/promises";
import { basename } from "node:path";
import { detectMime, mediaKindFromMime } from "../media/detect-mime.ts";
import type { MediaCapability, UnderstandFileParams } from "./types.ts";

/** Enough of a file to know what it is. */
const SNIFFED_BYTES = 4_100;

/** What kind of media a file is, by its type or else by how it begins. */
export async function kindOf({ filePath, mime }: UnderstandFileParams): Promise<MediaCapability | undefined> {
  let type = mime;
  if (type === undefined) {
    const file = await open(filePath, "r");
    try {
      const head = Buffer.alloc(SNIFFED_BYTES);
      const { bytesRead } = await file.read(head, 0, head.length, 0);
      type = detectMime(head.subarray(0, bytesRead), { fileName: basename(filePath) });
    } finally {
      await file.close();
    }
  }
  const kind = mediaKindFromMime(type);
  return kind === "image" || kind === "audio" || kind === "video" ? kind : undefined;
}

/** Reads a file whole, or answers `undefined` when it is larger than allowed. */
export async function readBounded(path: string, maxBytes: number): Promise<Buffer | undefined> {
  const file = await open(path, "r");
  try {
    if ((await file.stat()).size > maxBytes) return undefined;
    return await file.readFile();
  } finally {
    await file.close();
  }
}
