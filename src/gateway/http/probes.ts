import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "../../kernel/clock.ts";
import { sendJson } from "./respond.ts";

/** What is not ready yet, by name; empty when everything is. */
export interface Readiness {
  failing(): string[];
  /** True once the gateway stops accepting work. */
  draining(): boolean;
  readonly startedAt: number;
  readonly version: string;
  eventLoop(): Record<string, unknown>;
}

const NO_STORE = { "Cache-Control": "no-store" };
const LIVE = new Set(["/health", "/healthz"]);
const READY = new Set(["/ready", "/readyz"]);
const STARTED = new Set(["/startup", "/startupz"]);

export function isProbe(path: string): boolean {
  return LIVE.has(path) || READY.has(path) || STARTED.has(path);
}

/**
 * Answers the probes of spec 8.2: no credential, GET and HEAD only. `detailed` callers (local ones, or
 * with the credential) learn what is not ready.
 */
export function answerProbe(
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
  readiness: Readiness,
  options: { clock: Clock; detailed: boolean },
): void {
  if (request.method !== "GET" && request.method !== "HEAD") {
    sendJson(
      response,
      405,
      { error: { message: "use GET", type: "method_not_allowed" } },
      { Allow: "GET, HEAD" },
    );
    return;
  }
  if (LIVE.has(path)) {
    sendJson(response, 200, { ok: true, status: "live" }, NO_STORE);
    return;
  }
  const failing = readiness.failing();
  const draining = readiness.draining();
  const ready = failing.length === 0 && !draining;
  const uptimeMs = Math.max(0, options.clock.now() - readiness.startedAt);
  if (READY.has(path)) {
    const details = options.detailed
      ? { failing: draining ? [...failing, "draining"] : failing, uptimeMs, eventLoop: readiness.eventLoop() }
      : {};
    sendJson(response, ready ? 200 : 503, { ready, ...details }, NO_STORE);
    return;
  }
  const status = draining ? "draining" : failing.length > 0 ? "starting" : "started";
  const details = options.detailed
    ? {
        version: readiness.version,
        uptimeMs,
        ...(ready ? {} : { pendingReason: failing.join(", ") || status }),
      }
    : {};
  sendJson(response, ready ? 200 : 503, { ok: ready, status, ...details }, NO_STORE);
}
