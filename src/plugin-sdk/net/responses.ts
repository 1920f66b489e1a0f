import { withTimeout } from "../values/async.ts";
import { isRecord, type UnknownRecord } from "../values/records.ts";
import { truncateUtf8Prefix, truncateUtf16Safe } from "../values/text.ts";

/** Reading answers of other servers within limits. */

export const DEFAULT_RESPONSE_MAX_BYTES = 16 * 1_024 * 1_024;
export const ERROR_TEXT_MAX_BYTES = 8 * 1_024;
export const SNIPPET_MAX_CHARS = 200;

export interface ReadLimits {
  maxBytes?: number;
  /** The longest pause between two pieces. */
  chunkTimeoutMs?: number;
  /** For the whole body; a function is asked when reading begins. */
  timeoutMs?: number | (() => number) | undefined;
  onOverflow?(facts: { size: number; maxBytes: number; response: Response }): Error;
}

/** The whole body. @throws when it is larger than the limit or pauses too long */
export async function readResponseWithLimit(
  response: Response,
  maxBytes: number,
  options: Omit<ReadLimits, "maxBytes"> = {},
): Promise<Buffer> {
  const { buffer, truncated } = await readUpTo(response, maxBytes, options.chunkTimeoutMs, options.timeoutMs);
  if (!truncated) return buffer;
  throw (
    options.onOverflow?.({ size: buffer.length, maxBytes, response }) ??
    new Error(`the answer is larger than ${maxBytes} bytes`)
  );
}

/** The beginning of the body as text. */
export async function readResponseTextPrefix(
  response: Response,
  maxBytes: number,
  options: Pick<ReadLimits, "chunkTimeoutMs" | "timeoutMs"> = {},
): Promise<{ text: string; truncated: boolean }> {
  const { buffer, truncated } = await readUpTo(response, maxBytes, options.chunkTimeoutMs, options.timeoutMs);
  return { text: truncateUtf8Prefix(buffer.toString("utf8"), maxBytes), truncated };
}

/** The beginning of the body as text, without saying whether there was more. */
export async function readResponseTextLimited(
  response: Response,
  maxBytes = ERROR_TEXT_MAX_BYTES,
  options: Pick<ReadLimits, "chunkTimeoutMs" | "timeoutMs"> = {},
): Promise<string> {
  return (await readResponseTextPrefix(response, maxBytes, options)).text;
}

/** The beginning of the body on one line, for a log; `undefined` for an empty one. */
export async function readResponseTextSnippet(
  response: Response,
  options: {
    maxBytes?: number;
    maxChars?: number;
    chunkTimeoutMs?: number;
    onIdleTimeout?(facts: { chunkTimeoutMs: number }): Error;
  } = {},
): Promise<string | undefined> {
  const { maxBytes = ERROR_TEXT_MAX_BYTES, maxChars = SNIPPET_MAX_CHARS, chunkTimeoutMs } = options;
  try {
    const { text, truncated } = await readResponseTextPrefix(response, maxBytes, {
      ...(chunkTimeoutMs === undefined ? {} : { chunkTimeoutMs }),
    });
    const line = text.replace(/\s+/g, " ").trim();
    if (line === "") return undefined;
    return line.length > maxChars || truncated ? `${truncateUtf16Safe(line, maxChars)}…` : line;
  } catch (error) {
    if (!(error instanceof PauseError) || chunkTimeoutMs === undefined) throw error;
    throw options.onIdleTimeout?.({ chunkTimeoutMs }) ?? error;
  }
}

/** All bytes of a stream. @throws when there are more than `maxBytes` */
export async function readByteStreamWithLimit(
  stream: AsyncIterable<Uint8Array | string>,
  options: { maxBytes: number; onOverflow?(facts: { size: number; maxBytes: number }): Error },
): Promise<Buffer> {
  const { maxBytes } = options;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    const bytes = typeof chunk === "string" ? Buffer.from(chunk) : Buffer.from(chunk);
    size += bytes.length;
    if (size > maxBytes) {
      throw (
        options.onOverflow?.({ size, maxBytes }) ?? new Error(`the stream is larger than ${maxBytes} bytes`)
      );
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks, size);
}

async function readUpTo(
  response: Response,
  maxBytes: number,
  chunkTimeoutMs: number | undefined,
  timeoutMs: ReadLimits["timeoutMs"],
) {
  const limitMs = typeof timeoutMs === "function" ? timeoutMs() : (timeoutMs ?? 0);
  const reading = readChunks(response, maxBytes, chunkTimeoutMs);
  try {
    return await withTimeout(reading.done, limitMs, "reading the answer");
  } catch (error) {
    reading.cancel(error);
    throw error;
  }
}

function readChunks(response: Response, maxBytes: number, chunkTimeoutMs: number | undefined) {
  const reader = response.body?.getReader();
  return {
    done: collect(response, reader, maxBytes, chunkTimeoutMs),
    cancel: (error: unknown) => void reader?.cancel(error).catch(() => {}),
  };
}

async function collect(
  response: Response,
  reader: ReadableStreamDefaultReader<Uint8Array> | undefined,
  maxBytes: number,
  chunkTimeoutMs: number | undefined,
) {
  if (!reader) return { buffer: Buffer.from(await response.arrayBuffer()), truncated: false };
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await withPause(reader.read(), chunkTimeoutMs);
    if (done) return { buffer: Buffer.concat(chunks, size), truncated: false };
    size += value.length;
    if (size > maxBytes) {
      chunks.push(value.subarray(0, value.length - (size - maxBytes)));
      await reader.cancel();
      return { buffer: Buffer.concat(chunks, maxBytes), truncated: true };
    }
    chunks.push(value);
  }
}

class PauseError extends Error {}

async function withPause<T>(read: Promise<T>, limitMs: number | undefined): Promise<T> {
  if (!limitMs) return read;
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new PauseError(`the answer paused for more than ${limitMs}ms`)), limitMs);
  });
  try {
    return await Promise.race([read, limit]);
  } finally {
    clearTimeout(timer);
  }
}

const SECRET_IN_TEXT =
  /((?:authorization|api[-_]?key|access[-_]?token|token|secret|password|signature)["']?\s*[:=]\s*["']?(?:bearer\s+)?)([^\s"',;&}]{4,})/gi;
const BEARER = /\b(bearer|basic)\s+[a-z0-9._~+/=-]{8,}/gi;

/** Text for people and logs, without what looks like a credential or was sent as one. */
export function redactProviderResponseErrorText(
  text: string,
  headers?: unknown,
  _options: { sourceTruncated?: boolean } = {},
): string {
  let redacted = text.replace(SECRET_IN_TEXT, "$1***").replace(BEARER, "$1 ***");
  for (const secret of credentialsOf(headers)) redacted = redacted.replaceAll(secret, "***");
  return redacted;
}

function credentialsOf(headers: unknown): string[] {
  if (!headers || typeof headers !== "object") return [];
  const entries =
    headers instanceof Headers ? [...headers] : Object.entries(headers as Record<string, unknown>);
  return entries
    .filter(([name]) => /authorization|token|key|secret|cookie/i.test(name))
    .map(([, value]) => String(value).replace(/^(?:bearer|basic)\s+/i, ""))
    .filter((value) => value.length >= 4);
}

export interface ProviderHttpError extends Error {
  status: number;
  code?: string;
  retryAfterSeconds?: number;
}

export interface HttpErrorOptions {
  /** Milliseconds for the body of the error. */
  bodyTimeoutMs?: number | (() => number) | undefined;
  /** Headers of the request: what they authorise with is left out of the message. */
  requestHeaders?: unknown;
}

export async function createProviderHttpError(
  response: Response,
  label: string,
  options: HttpErrorOptions = {},
): Promise<ProviderHttpError> {
  const { text } = await readResponseTextPrefix(response, ERROR_TEXT_MAX_BYTES, {
    timeoutMs: options.bodyTimeoutMs,
  });
  const detail = extractProviderErrorDetail(text) ?? response.statusText;
  const safe = redactProviderResponseErrorText(detail, options.requestHeaders).trim();
  const message = `${label} (HTTP ${response.status})${safe ? `: ${safe}` : ""}`;
  const retryAfter = Number(response.headers.get("retry-after"));
  return Object.assign(new Error(message), {
    name: "ProviderHttpError",
    status: response.status,
    ...(retryAfter > 0 ? { retryAfterSeconds: retryAfter } : {}),
  });
}

/** The message in the usual shapes of JSON errors, else the text itself. */
export function extractProviderErrorDetail(text: string): string | undefined {
  try {
    const parsed = JSON.parse(text) as Record<string, unknown> | null;
    const error = parsed?.["error"];
    const nested =
      typeof error === "object" && error !== null ? (error as Record<string, unknown>)["message"] : error;
    const found = [nested, parsed?.["message"], parsed?.["detail"], parsed?.["error_description"]].find(
      (candidate) => typeof candidate === "string" && candidate.trim() !== "",
    );
    return found as string | undefined;
  } catch {
    return text.trim() || undefined;
  }
}

export async function assertOkOrThrowProviderError(
  response: Response,
  label: string,
  options?: HttpErrorOptions,
): Promise<void> {
  if (!response.ok) throw await createProviderHttpError(response, label, options);
}

/** The same, for services that are no model providers. */
export const assertOkOrThrowHttpError = assertOkOrThrowProviderError;

/**
 * What a search service answered instead of results, as an error.
 *
 * @throws always: the error of {@link createProviderHttpError}, or the signal's reason once it is aborted
 */
export async function throwWebSearchApiError(
  response: Response,
  label: string,
  options: { headers?: unknown; signal?: AbortSignal | null; bodyTimeoutMs?: number } = {},
): Promise<never> {
  const error = await createProviderHttpError(response, label, {
    requestHeaders: options.headers,
    bodyTimeoutMs: options.bodyTimeoutMs,
  });
  options.signal?.throwIfAborted();
  throw error;
}

export async function readProviderTextResponse(
  response: Response,
  label: string,
  limits: ReadLimits = {},
): Promise<string> {
  const maxBytes = limits.maxBytes ?? DEFAULT_RESPONSE_MAX_BYTES;
  const overflow =
    limits.onOverflow ?? (() => new Error(`${label}: the answer is larger than ${maxBytes} bytes`));
  const body = await readResponseWithLimit(response, maxBytes, { ...limits, onOverflow: overflow });
  return body.toString("utf8");
}

export async function readProviderJsonResponse<T = unknown>(
  response: Response,
  label: string,
  limits: ReadLimits = {},
): Promise<T> {
  const text = await readProviderTextResponse(response, label, limits);
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw new Error(`${label}: the answer is no JSON`, { cause: error });
  }
}

/** A JSON object. @throws for any other value */
export async function readProviderJsonObjectResponse(
  response: Response,
  label: string,
  limits: ReadLimits = {},
): Promise<UnknownRecord> {
  const value = await readProviderJsonResponse(response, label, limits);
  if (!isRecord(value)) throw new Error(`${label}: the answer is no JSON object`);
  return value;
}

/** A list in a field of a JSON object. @throws when the field holds something else */
export async function readProviderJsonArrayFieldResponse<T = unknown>(
  response: Response,
  label: string,
  field: string,
  limits: ReadLimits = {},
): Promise<T[]> {
  const value = (await readProviderJsonObjectResponse(response, label, limits))[field];
  if (!Array.isArray(value)) throw new Error(`${label}: "${field}" of the answer is no list`);
  return value as T[];
}

export async function readProviderBinaryResponse(
  response: Response,
  label: string,
  limits: ReadLimits = {},
): Promise<Buffer> {
  const maxBytes = limits.maxBytes ?? DEFAULT_RESPONSE_MAX_BYTES;
  const overflow =
    limits.onOverflow ?? (() => new Error(`${label}: the answer is larger than ${maxBytes} bytes`));
  return readResponseWithLimit(response, maxBytes, { ...limits, onOverflow: overflow });
}

/** An answer whose body frees its connection when it was read, cancelled or failed. */
export function responseWithRelease(response: Response, release: () => Promise<void>): Response {
  let released = false;
  const free = async () => {
    if (released) return;
    released = true;
    await release();
  };
  if (!response.body) {
    void free();
    return response;
  }
  const reader = response.body.getReader();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (!done) return controller.enqueue(value);
        controller.close();
        await free();
      } catch (error) {
        controller.error(error);
        await free();
      }
    },
    async cancel(reason) {
      await reader.cancel(reason);
      await free();
    },
  });
  const wrapped = new Response(body, {
    status: response.status,
    statusText: response.statusText,
    headers: response.headers,
  });
  return Object.defineProperty(wrapped, "url", { value: response.url });
}
