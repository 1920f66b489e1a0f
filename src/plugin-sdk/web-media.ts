export { LocalMediaAccessError } from "./media/local-access.ts";
export { getDefaultMediaLocalRoots as getDefaultLocalRoots } from "./media/outbound-media.ts";

import { type LoadedMedia, loadOutboundMediaFromUrl } from "./media/outbound-media.ts";

interface WebMediaOptions {
  maxBytes?: number;
  localRoots?: readonly string[] | "any";
  readFile?: (path: string) => Promise<Buffer>;
  workspaceDir?: string;
  [extra: string]: unknown;
}

/** Loads an address or a local file from one of the allowed folders, up to a limit. */
export function loadWebMedia(
  mediaUrl: string,
  maxBytesOrOptions: number | WebMediaOptions = {},
  more: Pick<WebMediaOptions, "localRoots"> & { [extra: string]: unknown } = {},
): Promise<LoadedMedia> {
  const given = typeof maxBytesOrOptions === "number" ? { maxBytes: maxBytesOrOptions } : maxBytesOrOptions;
  const options: WebMediaOptions = { ...given, ...more };
  return loadOutboundMediaFromUrl(mediaUrl, {
    maxBytes: options.maxBytes,
    mediaLocalRoots: options.localRoots,
    mediaReadFile: options.readFile,
    workspaceDir: options.workspaceDir,
  });
}

/** The same; this host never re-encodes images. */
export const loadWebMediaRaw = loadWebMedia;
