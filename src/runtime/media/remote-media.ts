import { basename } from "node:path";
import type {
  RemoteMedia,
  RemoteMediaOptions,
  SavedRemoteMedia,
  SaveRemoteMediaOptions,
  SaveResponseMediaOptions,
} from "../../contracts/media-files.ts";
import { withoutUndefined } from "../../kernel/records.ts";
import { retryAsync } from "../../kernel/retry.ts";
import { fetchWithSsrFGuard, type GuardedFetchResult } from "../egress/index.ts";
import { readResponseWithLimit } from "../egress/response-body.ts";
import { buildTimeoutAbortSignal } from "../egress/timeout-signal.ts";
import { detectMime } from "./detect-mime.ts";
import { MediaFetchError, parseMediaContentLength } from "./fetch-error.ts";
import { sanitizeUntrustedFileName } from "./file-name.ts";
import { MAX_DOCUMENT_BYTES } from "./limits.ts";
import { DEFAULT_MAX_MEDIA_BYTES, saveMediaBuffer } from "./media-store.ts";

/** Files at addresses that somebody else chose: fetched through the egress guard, with limits (spec 1.19). */

const REMOTE_MEDIA_TIMEOUT_MS = 120_000;

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

function isWorthAnotherTry(error: unknown): boolean {
  if (!(error instanceof MediaFetchError)) return false;
  if (error.code === "http_error") return error.status === 429 || (error.status ?? 0) >= 500;
  return error.code === "fetch_failed" && (error.cause as { code?: unknown })?.code !== "SSRF_BLOCKED";
}

async function readOnce(options: RemoteMediaOptions): Promise<RemoteMedia> {
  try {
    const guarded = await answerOf(options);
    try {
      const { response, finalUrl } = guarded;
      return await readMedia(response, finalUrl, options.maxBytes ?? MAX_DOCUMENT_BYTES, options);
    } finally {
      await guarded.release();
    }
  } catch (error) {
    if (error instanceof MediaFetchError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    const from = originOf(options.url);
    throw new MediaFetchError("fetch_failed", `Failed to fetch media from ${from}: ${reason}`, {
      cause: error,
    });
  }
}

/** The answer's beginning; its own limit ends with it, the whole file's goes on. */
async function answerOf(options: RemoteMediaOptions): Promise<GuardedFetchResult> {
  const { url, requestInit, fetchImpl, responseHeaderTimeoutMs } = options;
  const beginning = buildTimeoutAbortSignal({
    operation: "waiting for the answer",
    ...withoutUndefined({ timeoutMs: responseHeaderTimeoutMs }),
  });
  const signals = [requestInit?.signal, beginning.signal].filter((signal) => signal instanceof AbortSignal);
  try {
    return await fetchWithSsrFGuard({
      url,
      timeoutMs: options.timeoutMs ?? REMOTE_MEDIA_TIMEOUT_MS,
      ...withoutUndefined({
        init: requestInit,
        signal: signals.length === 0 ? undefined : AbortSignal.any(signals),
        fetchImpl: fetchImpl as typeof fetch | undefined,
        lookupFn: options.lookupFn,
        policy: options.ssrfPolicy,
        maxRedirects: options.maxRedirects,
        requireHttps: options.requireHttps,
        beforeRequest: options.beforeRequest,
      }),
    });
  } finally {
    beginning.cleanup();
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
  const headerMime = response.headers.get("content-type");
  const contentType = detectMime(buffer, { headerMime, fileName, nameFirst: true });
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

/** Fetches a file and keeps it below `<stateDir>/media`. @throws MediaFetchError */
export async function saveRemoteMedia(
  stateDir: string,
  options: SaveRemoteMediaOptions,
): Promise<SavedRemoteMedia> {
  const maxBytes = options.maxBytes ?? DEFAULT_MAX_MEDIA_BYTES;
  return keep(stateDir, await readRemoteMediaBuffer({ ...options, maxBytes }), { ...options, maxBytes });
}

/** Keeps the body of an answer that was fetched already. @throws MediaFetchError */
export async function saveResponseMedia(
  stateDir: string,
  response: Response,
  options: SaveResponseMediaOptions = {},
): Promise<SavedRemoteMedia> {
  const maxBytes = options.maxBytes ?? DEFAULT_MAX_MEDIA_BYTES;
  const media = await readMedia(response, options.sourceUrl ?? response.url, maxBytes, options);
  return keep(stateDir, media, { ...options, maxBytes });
}

async function keep(
  stateDir: string,
  media: RemoteMedia,
  options: SaveResponseMediaOptions & { maxBytes: number },
): Promise<SavedRemoteMedia> {
  const { subdir, maxBytes } = options;
  const fileName = options.originalFilename ?? media.fileName;
  const type = media.contentType ?? options.fallbackContentType;
  const saved = await saveMediaBuffer(stateDir, media.buffer, type, subdir, maxBytes, fileName);
  return { ...saved, ...(fileName === undefined ? {} : { fileName }) };
}
