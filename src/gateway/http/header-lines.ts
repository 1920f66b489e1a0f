import type { IncomingMessage } from "node:http";

/** Header lines of one request; one with more is refused. */
export const MAX_HEADER_LINES = 200;

export const TOO_MANY_HEADERS = `a request has at most ${MAX_HEADER_LINES} header lines`;

export function hasTooManyHeaders(request: IncomingMessage): boolean {
  return request.rawHeaders.length > 2 * MAX_HEADER_LINES;
}
