import type { RouteContext } from "./responder.ts";

const ALLOWED_HEADERS = "content-type, content-encoding, x-api-key, idempotency-key, prefer";

/** Adds the CORS headers when the origin is one the operator named. True when it is. */
export function allowOrigin(context: RouteContext, allowed: readonly string[], methods: string): boolean {
  const { origin } = context.request.headers;
  if (origin === undefined || !allowed.includes(origin)) return false;
  Object.assign(context.headers, {
    "Access-Control-Allow-Origin": origin,
    "Access-Control-Allow-Methods": methods,
    "Access-Control-Allow-Headers": ALLOWED_HEADERS,
    "Access-Control-Expose-Headers":
      "retry-after, ratelimit-limit, ratelimit-remaining, ratelimit-reset, x-request-id",
    "Access-Control-Max-Age": "600",
    Vary: "Origin",
  });
  return true;
}
