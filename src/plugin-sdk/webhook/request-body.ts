import type { IncomingMessage, ServerResponse } from "node:http";
import { isRecord } from "../values/records.ts";

/** Reading webhook bodies within limits, and refusing what is over them. */

export const DEFAULT_WEBHOOK_MAX_BODY_BYTES = 1_024 * 1_024;
export const DEFAULT_WEBHOOK_BODY_TIMEOUT_MS = 30_000;
export const WEBHOOK_BODY_READ_DEFAULTS = Object.freeze({
  preAuth: { maxBytes: 64 * 1_024, timeoutMs: 5_000 },
  postAuth: { maxBytes: DEFAULT_WEBHOOK_MAX_BODY_BYTES, timeoutMs: DEFAULT_WEBHOOK_BODY_TIMEOUT_MS },
});

export type BodyErrorCode = "PAYLOAD_TOO_LARGE" | "REQUEST_BODY_TIMEOUT" | "CONNECTION_CLOSED";

const TEXTS: Record<BodyErrorCode, string> = {
  PAYLOAD_TOO_LARGE: "Payload too large",
  REQUEST_BODY_TIMEOUT: "Request body timeout",
  CONNECTION_CLOSED: "Connection closed",
};
const STATUS: Record<BodyErrorCode, number> = {
  PAYLOAD_TOO_LARGE: 413,
  REQUEST_BODY_TIMEOUT: 408,
  CONNECTION_CLOSED: 400,
};

export class RequestBodyLimitError extends Error {
  readonly code: BodyErrorCode;
  readonly statusCode: number;

  constructor(code: BodyErrorCode) {
    super(TEXTS[code]);
    this.name = "RequestBodyLimitError";
    this.code = code;
    this.statusCode = STATUS[code];
  }
}

export function isRequestBodyLimitError(
  error: unknown,
  code?: BodyErrorCode,
): error is RequestBodyLimitError {
  if (!(error instanceof Error) || error.name !== "RequestBodyLimitError") return false;
  return code === undefined || (error as RequestBodyLimitError).code === code;
}

export function requestBodyErrorToText(code: BodyErrorCode): string {
  return TEXTS[code];
}

export interface ReadBodyOptions {
  maxBytes: number;
  timeoutMs?: number;
  encoding?: BufferEncoding;
  /** Default true: an oversized request loses its connection. */
  destroyOnLimit?: boolean;
}

/** @throws RequestBodyLimitError */
export function readRequestBodyWithLimit(
  request: IncomingMessage,
  options: ReadBodyOptions,
): Promise<string> {
  const { maxBytes } = options;
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const timer = setTimeout(
      () => fail("REQUEST_BODY_TIMEOUT"),
      options.timeoutMs ?? DEFAULT_WEBHOOK_BODY_TIMEOUT_MS,
    );
    const onData = (chunk: Buffer | string) => {
      const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk);
      size += bytes.length;
      if (size > maxBytes) fail("PAYLOAD_TOO_LARGE");
      else chunks.push(bytes);
    };
    const onEnd = () => {
      leave();
      resolve(Buffer.concat(chunks).toString(options.encoding ?? "utf8"));
    };
    const onError = (error: Error) => {
      leave();
      reject(error);
    };
    const onClose = () => fail("CONNECTION_CLOSED");
    const leave = () => {
      clearTimeout(timer);
      request.off("data", onData).off("end", onEnd).off("error", onError).off("close", onClose);
    };
    const fail = (code: BodyErrorCode) => {
      leave();
      reject(new RequestBodyLimitError(code));
      if (code === "CONNECTION_CLOSED") return;
      if (options.destroyOnLimit === false) request.resume();
      else request.destroy();
    };
    if (Number(request.headers["content-length"] ?? 0) > maxBytes) return fail("PAYLOAD_TOO_LARGE");
    request.on("data", onData).on("end", onEnd).on("error", onError).on("close", onClose);
  });
}

export type JsonBody =
  | { ok: true; value: unknown }
  | { ok: false; error: string; code: BodyErrorCode | "INVALID_JSON" };

export async function readJsonBodyWithLimit(
  request: IncomingMessage,
  options: ReadBodyOptions & { emptyObjectOnEmpty?: boolean },
): Promise<JsonBody> {
  try {
    const text = (await readRequestBodyWithLimit(request, options)).trim();
    if (text === "" && options.emptyObjectOnEmpty !== false) return { ok: true, value: {} };
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch (error) {
    if (isRequestBodyLimitError(error)) return { ok: false, error: error.message, code: error.code };
    return { ok: false, error: error instanceof Error ? error.message : String(error), code: "INVALID_JSON" };
  }
}

/** `pre-auth` for a body that is read to find out who sends it. */
export type WebhookBodyProfile = "pre-auth" | "post-auth";

function limitsOf(params: { profile?: WebhookBodyProfile; maxBytes?: number; timeoutMs?: number }) {
  const { preAuth, postAuth } = WEBHOOK_BODY_READ_DEFAULTS;
  const defaults = params.profile === "pre-auth" ? preAuth : postAuth;
  return {
    maxBytes: params.maxBytes ?? defaults.maxBytes,
    timeoutMs: params.timeoutMs ?? defaults.timeoutMs,
    destroyOnLimit: false,
  };
}

/** The JSON body, or an answer with the right status and `{ ok: false }`. */
export async function readJsonWebhookBodyOrReject(params: {
  req: IncomingMessage;
  res: ServerResponse;
  maxBytes?: number;
  timeoutMs?: number;
  profile?: WebhookBodyProfile;
  emptyObjectOnEmpty?: boolean;
  invalidJsonMessage?: string;
}): Promise<{ ok: true; value: unknown } | { ok: false }> {
  const body = await readJsonBodyWithLimit(params.req, {
    ...limitsOf(params),
    ...(params.emptyObjectOnEmpty === undefined ? {} : { emptyObjectOnEmpty: params.emptyObjectOnEmpty }),
  });
  if (body.ok) return body;
  const invalid = body.code === "INVALID_JSON";
  const text = invalid ? (params.invalidJsonMessage ?? "Bad Request") : body.error;
  await sendHttpRequestRejection(
    params.req,
    params.res,
    invalid ? 400 : STATUS[body.code as BodyErrorCode],
    text,
  );
  return { ok: false };
}

export async function readWebhookBodyOrReject(params: {
  req: IncomingMessage;
  res: ServerResponse;
  maxBytes?: number;
  timeoutMs?: number;
  profile?: WebhookBodyProfile;
  invalidBodyMessage?: string;
}): Promise<{ ok: true; value: string } | { ok: false }> {
  try {
    const value = await readRequestBodyWithLimit(params.req, limitsOf(params));
    return { ok: true, value };
  } catch (error) {
    const limit = isRequestBodyLimitError(error) ? error : undefined;
    await sendHttpRequestRejection(
      params.req,
      params.res,
      limit?.statusCode ?? 400,
      limit?.message ?? params.invalidBodyMessage ?? "Bad Request",
    );
    return { ok: false };
  }
}

/** Answers a request whose body was not read, and ends its connection. */
export async function sendHttpRequestRejection(
  request: IncomingMessage,
  response: ServerResponse,
  statusCode: number,
  body: string,
  contentType = "text/plain; charset=utf-8",
): Promise<void> {
  if (response.headersSent || response.destroyed) return;
  const complete = request.complete;
  response.writeHead(statusCode, {
    "Content-Type": contentType,
    ...(complete ? {} : { Connection: "close" }),
  });
  await new Promise<void>((resolve) => response.end(body, () => resolve()));
  if (!complete) request.resume();
}

/** Runs the handler of one request; a failure that nobody answered ends as 500. */
export async function runHttpConnectionRequest(
  _request: IncomingMessage,
  run: () => Promise<void>,
  response?: ServerResponse | "upgrade",
): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (isRecord(response) && !(response as unknown as ServerResponse).headersSent) {
      (response as unknown as ServerResponse).writeHead(500).end();
    }
    throw error;
  }
}

/** Work that goes on after the answer was sent. */
export async function runDetachedWebhookWork<T>(run: () => Promise<T>): Promise<T> {
  return await run();
}
