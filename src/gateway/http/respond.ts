import type { IncomingMessage, ServerResponse } from "node:http";

/** Headers of every response (spec 8). */
export const COMMON_HEADERS: Readonly<Record<string, string>> = {
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Permissions-Policy": "camera=(), geolocation=(), microphone=(self)",
};

/** Sends a JSON body and ends the response; does nothing when it has begun already. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  if (response.headersSent || response.destroyed) return;
  const text = Buffer.from(JSON.stringify(body));
  response.writeHead(status, {
    ...COMMON_HEADERS,
    "Content-Type": "application/json; charset=utf-8",
    "Content-Length": text.length,
    ...headers,
  });
  response.end(text);
}

/**
 * The error shape of core routes: `{ error: { message, type } }`. A body that nobody is going to read ends the
 * connection, instead of being taken in for as long as its sender likes.
 */
export function sendError(
  response: ServerResponse,
  status: number,
  type: string,
  message: string,
  headers: Record<string, string> = {},
): void {
  const closing: Record<string, string> = hasUnreadBody(response.req) ? { Connection: "close" } : {};
  sendJson(response, status, { error: { message, type } }, { ...closing, ...headers });
}

function hasUnreadBody({ complete, headers }: IncomingMessage): boolean {
  if (complete) return false;
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}
