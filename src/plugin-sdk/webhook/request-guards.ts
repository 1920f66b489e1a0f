import type { IncomingMessage, ServerResponse } from "node:http";
import {
  DEFAULT_WEBHOOK_BODY_TIMEOUT_MS,
  RequestBodyLimitError,
  sendHttpRequestRejection,
} from "./request-body.ts";

/** What a webhook request has to pass before its body is read. */

export interface FixedWindowLimiter {
  isRateLimited(key: string, now?: number): boolean;
}

export interface InFlightLimiter {
  tryAcquire(key: string): boolean;
  release(key: string): void;
}

interface BasicGuards {
  req: IncomingMessage;
  res: ServerResponse;
  allowMethods?: readonly string[] | undefined;
  rateLimiter?: FixedWindowLimiter | undefined;
  rateLimitKey?: string | undefined;
  nowMs?: number | undefined;
  requireJsonContentType?: boolean | undefined;
}

/** `application/json` and every `…+json`, with or without parameters. */
export function isJsonContentType(value: string | string[] | undefined): boolean {
  const type = (Array.isArray(value) ? value[0] : value)?.split(";")[0]?.trim().toLowerCase() ?? "";
  return type === "application/json" || /^[\w.-]+\/[\w.-]+\+json$/.test(type);
}

/** False when the request was answered: 405, 429 or 415. */
export function applyBasicWebhookRequestGuards(params: BasicGuards): boolean {
  const { req, res, allowMethods, rateLimiter, rateLimitKey } = params;
  if (allowMethods && allowMethods.length > 0 && !allowMethods.includes(req.method ?? "")) {
    res.setHeader("Allow", allowMethods.join(", "));
    return refuse(res, 405, "Method Not Allowed");
  }
  if (rateLimiter && rateLimitKey && rateLimiter.isRateLimited(rateLimitKey, params.nowMs ?? Date.now())) {
    return refuse(res, 429, "Too Many Requests");
  }
  if (
    params.requireJsonContentType &&
    req.method === "POST" &&
    !isJsonContentType(req.headers["content-type"])
  ) {
    return refuse(res, 415, "Unsupported Media Type");
  }
  return true;
}

function refuse(response: ServerResponse, statusCode: number, text: string): false {
  response.statusCode = statusCode;
  response.end(text);
  return false;
}

export type WebhookPipeline = { ok: true; release(): void } | { ok: false };

/** The basic guards, and a place among the requests that are being handled; `release` gives it back. */
export function beginWebhookRequestPipelineOrReject(
  params: BasicGuards & {
    inFlightLimiter?: InFlightLimiter | undefined;
    inFlightKey?: string | undefined;
    inFlightLimitStatusCode?: number;
    inFlightLimitMessage?: string;
  },
): WebhookPipeline {
  if (!applyBasicWebhookRequestGuards(params)) return { ok: false };
  const { inFlightLimiter, inFlightKey = "" } = params;
  if (inFlightLimiter && inFlightKey && !inFlightLimiter.tryAcquire(inFlightKey)) {
    refuse(
      params.res,
      params.inFlightLimitStatusCode ?? 429,
      params.inFlightLimitMessage ?? "Too Many Requests",
    );
    return { ok: false };
  }
  let isHeld = true;
  return {
    ok: true,
    release() {
      if (!isHeld) return;
      isHeld = false;
      if (inFlightKey) inFlightLimiter?.release(inFlightKey);
    },
  };
}

export interface RequestBodyLimitGuard {
  isTripped(): boolean;
  code(): RequestBodyLimitError["code"] | null;
  dispose(): void;
}

/**
 * Watches a body that something else reads: a larger or slower one is answered 413 or 408. `dispose` when the
 * body was read.
 */
export function installRequestBodyLimitGuard(
  request: IncomingMessage,
  response: ServerResponse,
  options: {
    maxBytes: number;
    timeoutMs?: number;
    responseFormat?: "json" | "text";
    responseText?: Partial<Record<RequestBodyLimitError["code"], string>>;
  },
): RequestBodyLimitGuard {
  let tripped: RequestBodyLimitError["code"] | null = null;
  let size = 0;
  const onData = (chunk: Buffer | string) => {
    size += Buffer.byteLength(chunk);
    if (size > options.maxBytes) trip("PAYLOAD_TOO_LARGE");
  };
  const dispose = () => {
    clearTimeout(timer);
    request.off("data", onData).off("end", dispose).off("close", dispose);
  };
  const trip = (code: RequestBodyLimitError["code"]) => {
    if (tripped !== null) return;
    tripped = code;
    dispose();
    const error = new RequestBodyLimitError(code);
    const text = options.responseText?.[code] ?? error.message;
    const isText = options.responseFormat === "text";
    void sendHttpRequestRejection(
      request,
      response,
      error.statusCode,
      isText ? text : JSON.stringify({ error: text }),
      isText ? undefined : "application/json; charset=utf-8",
    );
  };
  const timer = setTimeout(
    () => trip("REQUEST_BODY_TIMEOUT"),
    options.timeoutMs ?? DEFAULT_WEBHOOK_BODY_TIMEOUT_MS,
  );
  if (Number(request.headers["content-length"] ?? 0) > options.maxBytes) trip("PAYLOAD_TOO_LARGE");
  else request.on("data", onData).once("end", dispose).once("close", dispose);
  return { isTripped: () => tripped !== null, code: () => tripped, dispose };
}
