import { rm } from "node:fs/promises";
import { basename, join } from "node:path";
import type { SavedMedia } from "../../contracts/media-files.ts";
import { readByteStreamWithLimit } from "../../runtime/egress/index.ts";
import {
  DEFAULT_MAX_MEDIA_BYTES,
  MediaFetchError,
  saveMediaBuffer as saveIn,
} from "../../runtime/media/index.ts";
import { resolveStateDir } from "../state-paths.ts";

/** Files that platforms sent or that go out, below `<state>/media` (spec 1.19). */

export function getMediaDir(): string {
  return join(resolveStateDir(), "media");
}

/** Keeps bytes with mode 0600. @throws SluiceError `MEDIA_TOO_LARGE` */
export async function saveMediaBuffer(
  buffer: Uint8Array,
  contentType?: string,
  subdir = "inbound",
  maxBytes = DEFAULT_MAX_MEDIA_BYTES,
  originalFilename?: string,
  detectionFilePathHint?: string,
): Promise<SavedMedia> {
  return saveIn(
    resolveStateDir(),
    buffer,
    contentType,
    subdir,
    maxBytes,
    originalFilename,
    detectionFilePathHint,
  );
}

/** The same from a stream. @throws MediaFetchError `max_bytes` as soon as it is longer than the limit */
export async function saveMediaStream(
  stream: AsyncIterable<Uint8Array | string>,
  contentType?: string,
  subdir = "inbound",
  maxBytes = DEFAULT_MAX_MEDIA_BYTES,
  originalFilename?: string,
  detectionFilePathHint?: string,
): Promise<SavedMedia> {
  const onOverflow = () => new MediaFetchError("max_bytes", `Media exceeds the limit of ${maxBytes} bytes`);
  const buffer = await readByteStreamWithLimit(stream, { maxBytes, onOverflow });
  return saveMediaBuffer(buffer, contentType, subdir, maxBytes, originalFilename, detectionFilePathHint);
}

const STORED_NAME = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}---(.+)$/i;

/** The name a stored file came with; of any other file its own name. */
export function extractOriginalFilename(path: string): string {
  const name = basename(path);
  return STORED_NAME.exec(name)?.[1] ?? name;
}

/** Removes a file that may be gone already. */
export async function unlinkIfExists(path: string | null | undefined): Promise<void> {
  if (path) await rm(path, { force: true });
}
