import { saveMediaBuffer } from "./media-store.ts";
import { DEFAULT_OUTBOUND_MEDIA_MAX_BYTES, loadOutboundMediaFromUrl } from "./outbound-media.ts";

interface MediaAccess {
  localRoots?: readonly string[] | "any";
  readFile?: (path: string) => Promise<Buffer>;
  workspaceDir?: string;
}

/** An attachment as a file of the media store, for platforms that take paths. */
export async function resolveOutboundAttachmentFromUrl(
  mediaUrl: string,
  maxBytes: number = DEFAULT_OUTBOUND_MEDIA_MAX_BYTES,
  options: MediaAccess & { mediaAccess?: MediaAccess } = {},
): Promise<{ path: string; contentType?: string }> {
  const access = { ...options, ...options.mediaAccess };
  const media = await loadOutboundMediaFromUrl(mediaUrl, {
    maxBytes,
    mediaLocalRoots: access.localRoots,
    mediaReadFile: access.readFile,
    workspaceDir: access.workspaceDir,
  });
  const saved = await saveMediaBuffer(media.buffer, media.contentType, "outbound", maxBytes, media.fileName);
  return {
    path: saved.path,
    ...(saved.contentType === undefined ? {} : { contentType: saved.contentType }),
  };
}
