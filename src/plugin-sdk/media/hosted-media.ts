import { randomBytes } from "node:crypto";
import type { KeyedStore } from "../../contracts/runtime.ts";
import { SluiceError } from "../../kernel/errors.ts";
import { buildOutboundMediaLoadOptions } from "./load-options.ts";
import { type LoadedMedia, loadOutboundMediaFromUrl } from "./outbound-media.ts";

/** Attachments that a platform fetches from the gateway, by an address that works for a short time. */

/** Bytes of one stored piece; as text it stays below the store's limit for a value. */
export const HOSTED_MEDIA_CHUNK_BYTES = 32_768;

export interface HostedMediaMetadata {
  routePath: string;
  token: string;
  byteLength: number;
  chunkCount: number;
  /** Milliseconds since 1970. */
  expiresAt: number;
  contentType?: string;
  fileName?: string;
}

export interface HostedMediaStoreOptions {
  metadataStore: KeyedStore<HostedMediaMetadata>;
  chunkStore: KeyedStore<string>;
  ttlMs: number;
  maxEntries: number;
  maxChunkRows: number;
  maxTotalBytes?: number;
  /** How long an expired entry is kept, so that its address can be told from a wrong one. */
  postExpiryRetentionMs?: number;
  /** With `reject-new` a full store refuses; otherwise the oldest goes. */
  overflowPolicy?: "evict-oldest" | "reject-new";
  resolveExpiresAtMs?(ttlMs: number): number | undefined;
}

export function createHostedOutboundMediaStore(options: HostedMediaStoreOptions) {
  return new HostedMediaStore(options);
}

class HostedMediaStore {
  readonly #options: HostedMediaStoreOptions;
  /** Entries are counted before they are written; one preparation at a time keeps the count right. */
  #tail: Promise<unknown> = Promise.resolve();

  constructor(options: HostedMediaStoreOptions) {
    this.#options = options;
  }

  /**
   * Loads an attachment, keeps it and gives the address to fetch it from.
   *
   * @throws SluiceError `MEDIA_STORE_FULL` when there is no room for it
   */
  async prepareUrl(params: {
    mediaUrl: string;
    /** Ends with a slash; the entry's id follows. */
    routePath: string;
    publicBaseUrl: string;
    maxBytes: number;
    mediaAccess?: Parameters<typeof buildOutboundMediaLoadOptions>[0] extends
      | { mediaAccess?: infer Access }
      | undefined
      ? Access
      : never;
    validateBeforePersist?(media: LoadedMedia): unknown;
    [extra: string]: unknown;
  }): Promise<string> {
    const { mediaUrl, routePath, publicBaseUrl, maxBytes, mediaAccess } = params;
    const { localRoots, readFile, workspaceDir } = buildOutboundMediaLoadOptions(
      mediaAccess ? { mediaAccess } : {},
    );
    const media = await loadOutboundMediaFromUrl(mediaUrl, {
      maxBytes,
      mediaLocalRoots: localRoots,
      mediaReadFile: readFile,
      workspaceDir,
    });
    await params.validateBeforePersist?.(media);
    const id = randomBytes(12).toString("hex");
    const token = randomBytes(24).toString("base64url");
    const kept = this.#tail.then(() => this.#keep(id, token, routePath, media));
    this.#tail = kept.catch(() => {});
    await kept;
    const url = new URL(`${routePath.replace(/\/?$/, "/")}${id}`, publicBaseUrl);
    url.searchParams.set("token", token);
    return url.toString();
  }

  async readMetadata(id: string, _now?: number): Promise<HostedMediaMetadata | undefined> {
    return this.#options.metadataStore.lookup(id);
  }

  /** The whole attachment; nothing when it has expired or a piece of it is gone. */
  async read(
    id: string,
    now: number = Date.now(),
  ): Promise<{ metadata: HostedMediaMetadata; buffer: Buffer } | undefined> {
    const metadata = await this.readMetadata(id);
    if (!metadata || metadata.expiresAt <= now) return undefined;
    const pieces = await this.#options.chunkStore.lookupMany(chunkKeys(id, metadata.chunkCount));
    const buffer = Buffer.concat(pieces.map((piece) => Buffer.from(piece ?? "", "base64")));
    return buffer.length === metadata.byteLength ? { metadata, buffer } : undefined;
  }

  async delete(id: string): Promise<void> {
    const metadata = await this.#options.metadataStore.consume(id);
    for (const key of chunkKeys(id, metadata?.chunkCount ?? 0)) await this.#options.chunkStore.delete(key);
  }

  async cleanupExpired(now: number = Date.now()): Promise<void> {
    const kept = this.#options.postExpiryRetentionMs ?? 0;
    for (const { key, value } of await this.#options.metadataStore.entries()) {
      if (value.expiresAt + kept <= now) await this.delete(key);
    }
  }

  async #keep(id: string, token: string, routePath: string, media: LoadedMedia): Promise<void> {
    const { ttlMs, chunkStore, metadataStore, resolveExpiresAtMs, postExpiryRetentionMs = 0 } = this.#options;
    const { buffer, contentType, fileName } = media;
    const chunkCount = Math.max(1, Math.ceil(buffer.length / HOSTED_MEDIA_CHUNK_BYTES));
    await this.cleanupExpired();
    await this.#makeRoom(chunkCount, buffer.length);
    const expiresAt = resolveExpiresAtMs ? resolveExpiresAtMs(ttlMs) : Date.now() + ttlMs;
    if (expiresAt === undefined) throw new RangeError("the attachment's expiry is no valid time");
    const rowTtl = { ttlMs: Math.max(1, expiresAt - Date.now()) + postExpiryRetentionMs };
    try {
      for (const [index, key] of chunkKeys(id, chunkCount).entries()) {
        const piece = buffer.subarray(
          index * HOSTED_MEDIA_CHUNK_BYTES,
          (index + 1) * HOSTED_MEDIA_CHUNK_BYTES,
        );
        await chunkStore.register(key, piece.toString("base64"), rowTtl);
      }
      const metadata = {
        routePath,
        token,
        byteLength: buffer.length,
        chunkCount,
        expiresAt,
        ...(contentType === undefined ? {} : { contentType }),
        ...(fileName === undefined ? {} : { fileName }),
      };
      await metadataStore.register(id, metadata, rowTtl);
    } catch (error) {
      for (const key of chunkKeys(id, chunkCount)) await chunkStore.delete(key);
      throw error;
    }
  }

  async #makeRoom(chunkCount: number, bytes: number): Promise<void> {
    const {
      metadataStore,
      maxEntries,
      maxChunkRows,
      maxTotalBytes = Number.MAX_SAFE_INTEGER,
    } = this.#options;
    const entries = [...(await metadataStore.entries())].sort((a, b) => a.createdAt - b.createdAt);
    const fits = () =>
      entries.length < maxEntries &&
      sumOf(entries.map(({ value }) => value.chunkCount)) + chunkCount <= maxChunkRows &&
      sumOf(entries.map(({ value }) => value.byteLength)) + bytes <= maxTotalBytes;
    while (!fits()) {
      const oldest = this.#options.overflowPolicy === "reject-new" ? undefined : entries.shift();
      if (!oldest) {
        throw new SluiceError(
          "MEDIA_STORE_FULL",
          "there is no room for another attachment now; try again later",
          {
            retryable: true,
          },
        );
      }
      await this.delete(oldest.key);
    }
  }
}

function chunkKeys(id: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${id}:${index}`);
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}

/** Types that a browser shows without running anything in them. */
const SHOWN_INLINE = /^(?:image\/(?:png|jpe?g|gif|webp|bmp)|audio\/|video\/|text\/plain$|application\/pdf$)/;

/** Headers under which an attachment is given out: never cached, never run. */
export function buildHostedOutboundMediaResponseHeaders(
  metadata: Pick<HostedMediaMetadata, "byteLength" | "contentType" | "fileName">,
  options: { fallbackFileName?: string } = {},
): Record<string, string> {
  const type = metadata.contentType ?? "application/octet-stream";
  const name = metadata.fileName?.trim() || options.fallbackFileName || "attachment.bin";
  const plain = name.replace(/[^\x20-\x7e]|["\\/]/g, "_");
  const disposition = SHOWN_INLINE.test(type) ? "inline" : "attachment";
  return {
    "Content-Type": type,
    "Content-Length": String(metadata.byteLength),
    "Content-Disposition": `${disposition}; filename="${plain}"; filename*=UTF-8''${encodeURIComponent(name)}`,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
  };
}
