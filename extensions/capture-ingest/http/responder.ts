import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { isSluiceError } from "sluice/plugin-sdk/foundation";
import { HttpRefusal } from "./refusal.ts";

export interface JsonAnswer {
  status: number;
  /** An object, or JSON text made before. */
  body: object | string;
  headers?: Record<string, string>;
}

export interface RouteContext {
  request: IncomingMessage;
  requestId: string;
  /** Sent with whatever the answer will be. */
  headers: Record<string, string>;
}

export interface RouteReport {
  /** Told about everything that ends in a 5xx. */
  failed(error: unknown, requestId: string): void;
}

/** Turns a function from request to answer into a node:http handler with the surface's headers and errors. */
export function jsonRoute(answer: (context: RouteContext) => Promise<JsonAnswer>, report: RouteReport) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<boolean> => {
    const context: RouteContext = { request, requestId: randomUUID(), headers: {} };
    let result: JsonAnswer & { close?: boolean };
    try {
      result = await answer(context);
    } catch (error) {
      result = refusalOf(error, context.requestId);
      if (result.status >= 500) report.failed(error, context.requestId);
    }
    send(response, result, context);
    return true;
  };
}

function refusalOf(error: unknown, requestId: string): JsonAnswer & { close?: boolean } {
  if (error instanceof HttpRefusal) return error;
  const code = isSluiceError(error) ? error.code : "";
  if (
    code === "CAPTURE_BUSY" ||
    code === "STORE_BUSY" ||
    code === "STORE_CLOSED" ||
    code === "CAPTURE_STARTING"
  )
    return {
      status: 503,
      body: { detail: "Capture is not ready, try again", request_id: requestId },
      headers: { "Retry-After": "1" },
    };
  return { status: 500, body: { detail: "Storage error: vault write failed", request_id: requestId } };
}

function send(
  response: ServerResponse,
  { status, body, headers, close }: JsonAnswer & { close?: boolean },
  context: RouteContext,
): void {
  if (response.headersSent || response.destroyed) return;
  const text = status === 204 ? "" : typeof body === "string" ? body : JSON.stringify(body);
  response.writeHead(status, {
    "Content-Type": "application/json; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Request-Id": context.requestId,
    "Content-Length": Buffer.byteLength(text),
    ...context.headers,
    ...headers,
    ...(close ? { Connection: "close" } : {}),
  });
  response.end(text);
}
