import { basename } from "node:path";
import type { SavedMedia } from "../../channels/runtime/media-store.ts";
import { DEFAULT_MAX_MEDIA_BYTES } from "../../channels/runtime/media-store.ts";
import type { EgressPolicy } from "../net/addresses.ts";
import { fetchWithSsrFGuard, type LookupFunction } from "../net/guarded-fetch.ts";
import { readResponseWithLimit } from "../net/responses.ts";
import { sanitizeUntrustedFileName } from "../security/security.ts";
import { withoutUndefined } from "../values/records.ts";
import { retryAsync } from "../values/retry.ts";
import { MAX_DOCUMENT_BYTES } from "./limits.ts";
import { saveMediaBuffer } from "./media-store.ts";
import { detectMime, normalizeMimeType } from "./mime.ts";
import { MediaFetchError, parseMediaContentLength } from "./values.ts";

/** Files at addresses that somebody else chose: fetched through the egress guard, with limits (spec 1.19). */

export const REMOTE_MEDIA_TIMEOUT_MS = 120_000;

export interface RemoteMediaOptions {
  url: string;
  /** Default 100 MiB for reading, 5 MiB for saving. */
  maxBytes?: number;
  /** A name for the file when neither the server nor the address has one. */
  filePathHint?: string;
  requestInit?: RequestInit;
  fetchImpl?: (input: string, init?: RequestInit) => Promise<Response>;
  lookupFn?: LookupFunction;
  ssrfPolicy?: EgressPolicy | undefined;
  /** For the whole file. Default two minutes. */
  timeoutMs?: number;
  /** The longest pause between two pieces. */
  readIdleTimeoutMs?: number;
  maxRedirects?: number;
  requireHttps?: boolean;
  /** Default: one attempt. */
  retry?: { attempts?: number; minDelayMs?: number; maxDelayMs?: number };
  [extra: string]: unknown;
}

export interface RemoteMedia {
  buffer: Buffer;
  contentType?: string;
  fileName?: string;
}

/** @throws MediaFetchError `max_bytes`, `http_error`, `fetch_failed` */
export async function readRemoteMediaBuffer(options: RemoteMediaOptions): Promise<RemoteMedia> {
  const attempts = options.retry?.attempts ?? 1;
  return attempts <= 1
    ? readOnce(options)
    : retryAsync(() => readOnce(options), {
        ...withoutUndefined(options.retry ?? {}),
        attempts,
        shouldRetry: (error) => isWorthAnotherTry(error),
      });
}

/** The older name. */
export const fetchRemoteMedia = readRemoteMediaBuffer;

function isWorthAnotherTry(error: unknown): boolean {
  if (!(error instanceof MediaFetchError)) return false;
  if (error.code === "http_error") return error.status === 429 || (error.status ?? 0) >= 500;
  return error.code === "fetch_failed" && (error.cause as { code?: unknown })?.code !== "SSRF_BLOCKED";
}

async function readOnce(options: RemoteMediaOptions): Promise<RemoteMedia> {
  const { url, requestInit, fetchImpl } = options;
  const maxBytes = options.maxBytes ?? MAX_DOCUMENT_BYTES;
  try {
    const guarded = await fetchWithSsrFGuard({
      url,
      timeoutMs: options.timeoutMs ?? REMOTE_MEDIA_TIMEOUT_MS,
      ...withoutUndefined({
        init: requestInit,
        fetchImpl: fetchImpl as typeof fetch | undefined,
        lookupFn: options.lookupFn,
        policy: options.ssrfPolicy,
        maxRedirects: options.maxRedirects,
        requireHttps: options.requireHttps,
      }),
    });
    try {
      return await readMedia(guarded.response, guarded.finalUrl, maxBytes, options);
    } finally {
      await guarded.release();
    }
  } catch (error) {
    if (error instanceof MediaFetchError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new MediaFetchError("fetch_failed", `Failed to fetch media from ${originOf(url)}: ${reason}`, {
      cause: error,
    });
  }
}

/** Addresses of files often carry their own authorisation. */
function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : "an unreadable address";
}

async function readMedia(
  response: Response,
  finalUrl: string,
  maxBytes: number,
  options: Pick<RemoteMediaOptions, "filePathHint" | "readIdleTimeoutMs">,
): Promise<RemoteMedia> {
  if (!response.ok) {
    throw new MediaFetchError(
      "http_error",
      `Failed to fetch media from ${originOf(finalUrl)} (HTTP ${response.status})`,
      {
        status: response.status,
      },
    );
  }
  const tooLarge = () => new MediaFetchError("max_bytes", `Media exceeds the limit of ${maxBytes} bytes`);
  const stated = parseMediaContentLength(response.headers.get("content-length"));
  if (stated !== null && stated > maxBytes) {
    await response.body?.cancel();
    throw tooLarge();
  }
  const buffer = await readResponseWithLimit(response, maxBytes, {
    onOverflow: tooLarge,
    ...(options.readIdleTimeoutMs === undefined ? {} : { chunkTimeoutMs: options.readIdleTimeoutMs }),
  });
  const fileName = nameOf(response, finalUrl) ?? (options.filePathHint && basename(options.filePathHint));
  const contentType = await detectMime({
    buffer,
    headerMime: response.headers.get("content-type"),
    ...(fileName ? { filePath: fileName } : {}),
  });
  return withoutUndefined({ buffer, contentType, fileName: fileName || undefined }) as RemoteMedia;
}

/** From `Content-Disposition`, else the end of the address if it looks like a file's name. */
function nameOf(response: Response, finalUrl: string): string | undefined {
  const header = response.headers.get("content-disposition") ?? "";
  const extended = /filename\*\s*=\s*(?:utf-8|iso-8859-1)?'[^']*'([^;]+)/i.exec(header)?.[1];
  const plain = /filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]+))/i.exec(header);
  const candidate = (extended && decoded(extended.trim())) ?? plain?.[1] ?? plain?.[2]?.trim();
  if (candidate) return sanitizeUntrustedFileName(candidate);
  const end = URL.canParse(finalUrl) ? decoded(basename(new URL(finalUrl).pathname)) : undefined;
  return end && /\.[A-Za-z0-9]{1,8}$/.test(end) ? sanitizeUntrustedFileName(end) : undefined;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

export interface SavedRemoteMedia extends SavedMedia {
  fileName?: string;
}

/** Fetches and keeps a file. @throws MediaFetchError */
export async function saveRemoteMedia(
  options: RemoteMediaOptions & { subdir?: string; originalFilename?: string; fallbackContentType?: string },
): Promise<SavedRemoteMedia> {
  const maxBytes = options.maxBytes ?? DEFAULT_MAX_MEDIA_BYTES;
  return keep(await readRemoteMediaBuffer({ ...options, maxBytes }), { ...options, maxBytes });
}

/** Keeps the body of an answer that was fetched already. @throws MediaFetchError */
export async function saveResponseMedia(
  response: Response,
  options: {
    sourceUrl?: string;
    maxBytes?: number;
    subdir?: string;
    originalFilename?: string;
    filePathHint?: string;
    fallbackContentType?: string;
    readIdleTimeoutMs?: number;
  } = {},
): Promise<SavedRemoteMedia> {
  const maxBytes = options.maxBytes ?? DEFAULT_MAX_MEDIA_BYTES;
  const media = await readMedia(response, options.sourceUrl ?? response.url, maxBytes, options);
  return keep(media, { ...options, maxBytes });
}

async function keep(
  media: RemoteMedia,
  options: { maxBytes: number; subdir?: string; originalFilename?: string; fallbackContentType?: string },
): Promise<SavedRemoteMedia> {
  const fileName = options.originalFilename ?? media.fileName;
  const type = media.contentType ?? normalizeMimeType(options.fallbackContentType);
  const saved = await saveMediaBuffer(media.buffer, type, options.subdir, options.maxBytes, fileName);
  return { ...saved, ...(fileName === undefined ? {} : { fileName }) };
}
