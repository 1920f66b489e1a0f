import { readFile, realpath, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ChannelConfig } from "../../contracts/channel.ts";
import { fetchWithSsrFGuard, readResponseWithLimit } from "../../runtime/egress/index.ts";
import { mimeTypeFromFilePath, normalizeMimeType } from "../../runtime/media/index.ts";
import { mediaKindOf } from "../inbound/media.ts";
import { isPathInside } from "../security/files.ts";
import { resolveStateDir } from "../state-paths.ts";
import { LocalMediaAccessError } from "./local-access.ts";

/** Attachments of outgoing messages. */

export const DEFAULT_OUTBOUND_MEDIA_MAX_BYTES = 100 * 1_024 * 1_024;
const FETCH_LIMIT_MS = 60_000;

export interface LoadedMedia {
  buffer: Buffer;
  contentType?: string;
  kind?: string;
  fileName?: string;
}

/** Folders from which an agent's attachments may come: the media store, the agent's workspace, temporary files. */
export function getAgentScopedMediaLocalRoots(
  _cfg: ChannelConfig,
  agentId?: string,
  sessionWorkspaceDir?: string,
): readonly string[] {
  const stateDir = resolveStateDir();
  return [
    join(stateDir, "media"),
    tmpdir(),
    join(stateDir, agentId ? `workspace-${agentId}` : "workspace"),
    join(stateDir, "workspace"),
    ...(sessionWorkspaceDir ? [sessionWorkspaceDir] : []),
  ];
}

/** Loads a `data:`, http(s) or `file:` address or a path inside one of the allowed folders. */
export async function loadOutboundMediaFromUrl(
  mediaUrl: string,
  options: {
    maxBytes?: number | undefined;
    mediaLocalRoots?: readonly string[] | "any" | undefined;
    mediaReadFile?: ((path: string) => Promise<Buffer>) | undefined;
    workspaceDir?: string | undefined;
    [extra: string]: unknown;
  } = {},
): Promise<LoadedMedia> {
  const maxBytes = options.maxBytes ?? DEFAULT_OUTBOUND_MEDIA_MAX_BYTES;
  if (mediaUrl.startsWith("data:")) return loadData(mediaUrl, maxBytes);
  if (/^https?:/i.test(mediaUrl)) return loadRemote(mediaUrl, maxBytes);
  const path = mediaUrl.startsWith("file:") ? fileURLToPath(mediaUrl) : mediaUrl;
  if (options.mediaReadFile) return describe(await options.mediaReadFile(path), basename(path));
  const real = await realpath(path).catch((cause: unknown) => {
    throw new LocalMediaAccessError("not-found", `there is no file to attach: ${path}`, { cause });
  });
  const roots = options.mediaLocalRoots ?? getAgentScopedMediaLocalRoots({});
  if (roots !== "any") {
    const folders = [...roots, ...(options.workspaceDir ? [options.workspaceDir] : [])];
    const known = await Promise.all(folders.map((folder) => realpath(folder).catch(() => undefined)));
    if (!known.some((folder) => folder !== undefined && isPathInside(folder, real))) {
      throw new LocalMediaAccessError(
        "path-not-allowed",
        `the file is outside the folders that attachments may come from: ${path}`,
      );
    }
  }
  const found = await stat(real);
  if (!found.isFile()) throw new LocalMediaAccessError("not-a-file", `only files can be attached: ${path}`);
  assertSize(found.size, maxBytes);
  return describe(await readFile(real), basename(path));
}

function assertSize(size: number, maxBytes: number): void {
  if (size > maxBytes) throw new Error(`the attachment has ${size} bytes; the limit is ${maxBytes}`);
}

function describe(buffer: Buffer, fileName: string | undefined, stated?: string): LoadedMedia {
  const contentType = stated ?? mimeTypeFromFilePath(fileName);
  const kind = mediaKindOf(contentType);
  return {
    buffer,
    ...(contentType === undefined ? {} : { contentType }),
    ...(kind === undefined ? {} : { kind }),
    ...(fileName === undefined || fileName === "" ? {} : { fileName }),
  };
}

function loadData(url: string, maxBytes: number): LoadedMedia {
  const match = /^data:([^;,]*)((?:;[^,]*)?),(.*)$/s.exec(url);
  if (!match) throw new Error("the data address is malformed");
  const isBase64 = /;base64$/i.test(match[2] ?? "");
  const buffer = isBase64
    ? Buffer.from(match[3] as string, "base64")
    : Buffer.from(decodeURIComponent(match[3] as string));
  assertSize(buffer.length, maxBytes);
  return describe(buffer, undefined, normalizeMimeType(match[1]) ?? "text/plain");
}

async function loadRemote(url: string, maxBytes: number): Promise<LoadedMedia> {
  const { response, finalUrl, release } = await fetchWithSsrFGuard({ url, timeoutMs: FETCH_LIMIT_MS });
  try {
    if (!response.ok) throw new Error(`the attachment could not be fetched (HTTP ${response.status})`);
    const buffer = await readResponseWithLimit(response, maxBytes);
    const type = normalizeMimeType(response.headers.get("content-type"));
    return describe(buffer, basename(new URL(finalUrl).pathname), type);
  } finally {
    await release();
  }
}

/** The same folders when no agent is known. */
export function getDefaultMediaLocalRoots(): readonly string[] {
  return getAgentScopedMediaLocalRoots({});
}
