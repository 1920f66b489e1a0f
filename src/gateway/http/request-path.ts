import type { IncomingMessage } from "node:http";

/** The path as sent, without query. Apart from app.ts, so that a start does not load the HTTP framework. */
export function pathOf(request: IncomingMessage): string {
  const url = request.url ?? "/";
  const end = url.search(/[?#]/);
  return end < 0 ? url : url.slice(0, end);
}
