import type { IncomingMessage } from "node:http";
import { gunzip } from "node:zlib";
import type { Clock } from "sluice/plugin-sdk/foundation";
import { MAX_BODY_BYTES } from "../contract/limits.ts";
import { HttpRefusal } from "./refusal.ts";

/** True when the request announces a body over the limit; such a body is not read at all. */
export function announcesTooMuch(request: IncomingMessage): boolean {
  const announced = request.headers["content-length"];
  return announced !== undefined && Number(announced) > MAX_BODY_BYTES;
}

/**
 * Reads a body of at most {@link MAX_BODY_BYTES}, also after decompression.
 *
 * @throws HttpRefusal 413, 415 for an unknown encoding, 408 when it takes longer than `timeoutMs`
 */
export async function readBody(request: IncomingMessage, clock: Clock, timeoutMs: number): Promise<Buffer> {
  const raw = await collect(request, clock, timeoutMs);
  const encoding = (request.headers["content-encoding"] ?? "identity").trim().toLowerCase();
  if (encoding === "identity" || encoding === "") return raw;
  if (encoding !== "gzip")
    throw new HttpRefusal(415, { detail: "Content-Encoding must be gzip or identity" });
  return inflate(raw);
}

function collect(request: IncomingMessage, clock: Clock, timeoutMs: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const end = (settle: () => void) => {
      void timer.dispose();
      request.off("data", onData);
      request.off("end", onEnd);
      request.off("error", onError);
      request.off("close", onClose);
      settle();
    };
    const timer = clock.after(timeoutMs, () =>
      end(() => reject(new HttpRefusal(408, { detail: "The body took too long" }, { close: true }))),
    );
    const onData = (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
      else end(() => reject(tooLarge()));
    };
    const onEnd = () =>
      end(() => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
    const onError = () =>
      end(() => reject(new HttpRefusal(400, { detail: "The body was cut off" }, { close: true })));
    const onClose = onError;
    request.on("data", onData);
    request.on("end", onEnd);
    request.on("error", onError);
    request.on("close", onClose);
  });
}

function inflate(raw: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    gunzip(raw, { maxOutputLength: MAX_BODY_BYTES }, (error, inflated) => {
      if (!error) resolve(inflated);
      else if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") reject(tooLarge());
      else
        reject(
          new HttpRefusal(422, {
            detail: [{ loc: ["body"], type: "json_invalid", msg: "the body is not valid gzip" }],
          }),
        );
    });
  });
}

export function tooLarge(): HttpRefusal {
  return new HttpRefusal(413, { detail: `Payload too large (max ${MAX_BODY_BYTES} bytes)` }, { close: true });
}
