import { systemClock } from "../../kernel/clock.ts";
import { truncateUtf8Prefix, truncateUtf16Safe } from "../../kernel/cut-text.ts";
import { endWithin } from "../../kernel/deadline.ts";

/** Reading answers of other servers within limits. */

export const ERROR_TEXT_MAX_BYTES = 8 * 1_024;
const SNIPPET_MAX_CHARS = 200;

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
    if (!(limitMs > 0)) return await reading.done;
    const late = () => new Error(`reading the answer timed out after ${limitMs}ms`);
    return await endWithin(reading.done, limitMs, systemClock, late);
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
  const paused = () => new PauseError(`the answer paused for more than ${limitMs}ms`);
  return endWithin(read, limitMs, systemClock, paused);
}
