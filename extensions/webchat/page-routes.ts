import type { IncomingMessage, ServerResponse } from "node:http";
import { readPageFile } from "./page-files.ts";

/** Scripts, styles and connections of this origin only; the page shows text and nothing active. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const HEADERS = {
  "Content-Security-Policy": CONTENT_SECURITY_POLICY,
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
} as const;

const A_YEAR_SECONDS = 31_536_000;

/** Answers a request for a file of the page in `folder`. */
export async function servePage(
  folder: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.setHeader("Allow", "GET, HEAD");
    return answer(request, response, 405, "Only GET and HEAD are understood here.\n");
  }
  const path = (request.url ?? "/").split(/[?#]/, 1)[0] ?? "/";
  const file = await readPageFile(folder, path);
  if (!file) {
    return path === "/"
      ? answer(request, response, 503, "The page is not built. In the program's folder run: npm run build\n")
      : answer(request, response, 404, "There is no such file.\n");
  }
  response.setHeader(
    "Cache-Control",
    file.immutable ? `public, max-age=${A_YEAR_SECONDS}, immutable` : "no-store",
  );
  response.setHeader("Content-Type", file.contentType);
  response.setHeader("Content-Length", file.body.length);
  response.statusCode = 200;
  response.end(request.method === "HEAD" ? undefined : file.body);
}

function answer(request: IncomingMessage, response: ServerResponse, status: number, text: string): void {
  response.statusCode = status;
  response.setHeader("Content-Type", "text/plain; charset=utf-8");
  response.setHeader("Cache-Control", "no-store");
  response.setHeader("Content-Length", Buffer.byteLength(text));
  response.end(request.method === "HEAD" ? undefined : text);
}
