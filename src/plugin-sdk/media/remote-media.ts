import type {
  SavedRemoteMedia,
  SaveRemoteMediaOptions,
  SaveResponseMediaOptions,
} from "../../contracts/media-files.ts";
import {
  readRemoteMediaBuffer,
  saveRemoteMedia as saveRemoteIn,
  saveResponseMedia as saveResponseIn,
} from "../../runtime/media/index.ts";
import { resolveStateDir } from "../state-paths.ts";

/** Files at addresses that somebody else chose, kept in this process's state folder (spec 1.19). */

export { readRemoteMediaBuffer };

/** The older name. */
export const fetchRemoteMedia = readRemoteMediaBuffer;

/** Fetches and keeps a file. @throws MediaFetchError */
export async function saveRemoteMedia(options: SaveRemoteMediaOptions): Promise<SavedRemoteMedia> {
  return saveRemoteIn(resolveStateDir(), options);
}

/** Keeps the body of an answer that was fetched already. @throws MediaFetchError */
export async function saveResponseMedia(
  response: Response,
  options: SaveResponseMediaOptions = {},
): Promise<SavedRemoteMedia> {
  return saveResponseIn(resolveStateDir(), response, options);
}
