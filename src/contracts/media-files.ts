import type { EgressPolicy, LookupFunction } from "./egress.ts";

/** A file in the media store. */
export interface SavedMedia {
  id: string;
  /** Absolute path; mode 0600. */
  path: string;
  size: number;
  contentType?: string;
}

/** How a file at an address that somebody else chose is fetched (spec 1.19). */
export interface RemoteMediaOptions {
  url: string;
  /** Default 100 MiB for reading, 5 MiB for saving. */
  maxBytes?: number;
  /** A name for the file when neither the server nor the address has one. */
  filePathHint?: string;
  requestInit?: RequestInit;
  /** Sends instead; it is handed a `dispatcher` that reaches only the checked addresses. */
  fetchImpl?: (input: string, init?: RequestInit) => Promise<Response>;
  lookupFn?: LookupFunction;
  /** Default: the public network alone. */
  ssrfPolicy?: EgressPolicy | undefined;
  /** For the whole file. Default two minutes. */
  timeoutMs?: number;
  /** Until the answer begins. Default: only `timeoutMs` counts. */
  responseHeaderTimeoutMs?: number;
  /** The longest pause between two pieces. */
  readIdleTimeoutMs?: number;
  /** Default 3. */
  maxRedirects?: number;
  requireHttps?: boolean;
  /** Called before every request, redirects too; what it throws ends the fetch. */
  beforeRequest?(): void;
  /** Default: one attempt. */
  retry?: { attempts?: number; minDelayMs?: number; maxDelayMs?: number };
  [extra: string]: unknown;
}

export interface RemoteMedia {
  buffer: Buffer;
  contentType?: string;
  fileName?: string;
}

export interface SaveRemoteMediaOptions extends RemoteMediaOptions {
  /** Folder of the media store. Default `inbound`. */
  subdir?: string;
  originalFilename?: string;
  /** For a file whose type nothing else tells. */
  fallbackContentType?: string;
}

export interface SaveResponseMediaOptions {
  /** Where the answer came from, if it does not say so itself. */
  sourceUrl?: string;
  /** Default 5 MiB. */
  maxBytes?: number;
  subdir?: string;
  originalFilename?: string;
  filePathHint?: string;
  fallbackContentType?: string;
  readIdleTimeoutMs?: number;
}

export interface SavedRemoteMedia extends SavedMedia {
  fileName?: string;
}

/**
 * `api.runtime.channel.media` (spec 1.19): files that platforms send, kept in the gateway's media store. What is
 * fetched goes through the egress guard; failures have a `code`: `max_bytes`, `http_error` (with `status`) or
 * `fetch_failed` (refused addresses too, with a `cause` whose code is `SSRF_BLOCKED`).
 */
export interface ChannelMedia {
  /** Keeps bytes that are at hand. Fails with `MEDIA_TOO_LARGE`; the limit's default is 5 MiB. */
  saveMediaBuffer(
    buffer: Uint8Array,
    contentType?: string,
    subdir?: string,
    maxBytes?: number,
    originalFilename?: string,
  ): Promise<SavedMedia>;
  readRemoteMediaBuffer(options: RemoteMediaOptions): Promise<RemoteMedia>;
  /** The older name of `readRemoteMediaBuffer`. */
  fetchRemoteMedia(options: RemoteMediaOptions): Promise<RemoteMedia>;
  saveRemoteMedia(options: SaveRemoteMediaOptions): Promise<SavedRemoteMedia>;
  /** Keeps the body of an answer that was fetched already. */
  saveResponseMedia(response: Response, options?: SaveResponseMediaOptions): Promise<SavedRemoteMedia>;
  readonly [member: string]: unknown;
}
