import { truncateUtf8Prefix } from "../values/text.ts";

/** Reading answers of other servers within limits. */

export const DEFAULT_RESPONSE_MAX_BYTES = 16 * 1_024 * 1_024;
export const ERROR_TEXT_MAX_BYTES = 8 * 1_024;

export interface ReadLimits {
  maxBytes?: number;
  /** The longest pause between two pieces. */
  chunkTimeoutMs?: number;
  onOverflow?(facts: { size: number; maxBytes: number; response: Response }): Error;
}

/** The whole body. @throws when it is larger than the limit or pauses too long */
export async function readResponseWithLimit(
  response: Response,
  maxBytes: number,
  options: Omit<ReadLimits, "maxBytes"> = {},
): Promise<Buffer> {
  const { buffer, truncated } = await readUpTo(response, maxBytes, options.chunkTimeoutMs);
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
  options: { chunkTimeoutMs?: number } = {},
): Promise<{ text: string; truncated: boolean }> {
  const { buffer, truncated } = await readUpTo(response, maxBytes, options.chunkTimeoutMs);
  return { text: truncateUtf8Prefix(buffer.toString("utf8"), maxBytes), truncated };
}

async function readUpTo(response: Response, maxBytes: number, chunkTimeoutMs?: number) {
  const reader = response.body?.getReader();
  if (!reader) return { buffer: Buffer.from(await response.arrayBuffer()), truncated: false };
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
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
  } catch (error) {
    await reader.cancel(error).catch(() => {});
    throw error;
  }
}

async function withPause<T>(read: Promise<T>, limitMs: number | undefined): Promise<T> {
  if (!limitMs) return read;
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`the answer paused for more than ${limitMs}ms`)), limitMs);
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

export async function createProviderHttpError(response: Response, label: string): Promise<ProviderHttpError> {
  const { text } = await readResponseTextPrefix(response, ERROR_TEXT_MAX_BYTES);
  const detail = extractProviderErrorDetail(text) ?? response.statusText;
  const safe = redactProviderResponseErrorText(detail).trim();
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

export async function assertOkOrThrowProviderError(response: Response, label: string): Promise<void> {
  if (!response.ok) throw await createProviderHttpError(response, label);
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
