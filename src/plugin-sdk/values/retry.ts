import { type RetryConfig, resolveRetryConfig, retryAsync } from "../../kernel/retry.ts";
import { collectErrorGraphCandidates, extractErrorCode } from "../errors/errors.ts";

export { resolveRetryConfig, retryAsync };

export interface BackoffPolicy {
  initialMs: number;
  maxMs: number;
  factor: number;
  jitter: number;
}

/** The delay before attempt `attempt` (from 1). */
export function computeBackoff(policy: BackoffPolicy, attempt: number): number {
  const base = policy.initialMs * policy.factor ** Math.max(0, attempt - 1);
  return Math.min(policy.maxMs, Math.round(base + base * policy.jitter * Math.random()));
}

/** Seconds from a `Retry-After` header: a number or a date. */
export function parseRetryAfterHeaderSeconds(
  value: string | null | undefined,
  nowMs = Date.now(),
): number | undefined {
  const text = value?.trim();
  if (!text) return undefined;
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, (at - nowMs) / 1_000);
}

/** Failures before a connection was made: the request can not have arrived. */
const BEFORE_CONNECT = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "UND_ERR_CONNECT_TIMEOUT",
  "ENETUNREACH",
  "EHOSTUNREACH",
]);
const AFTER_CONNECT = new Set([
  "ECONNRESET",
  "ETIMEDOUT",
  "EPIPE",
  "UND_ERR_SOCKET",
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_BODY_TIMEOUT",
  "ECONNABORTED",
]);

export function classifyTransientNetworkErrorCode(code: unknown): "pre-connect" | "ambiguous" | undefined {
  const text = typeof code === "string" ? code.toUpperCase() : "";
  if (BEFORE_CONNECT.has(text)) return "pre-connect";
  return AFTER_CONNECT.has(text) ? "ambiguous" : undefined;
}

export function isTransientNetworkError(error: unknown): boolean {
  return collectErrorGraphCandidates(error).some(
    (candidate) => classifyTransientNetworkErrorCode(extractErrorCode(candidate)) !== undefined,
  );
}

/** A runner with defaults of its own that configuration can override. */
export function createChannelApiRetryRunner(params: {
  retry?: RetryConfig;
  configRetry?: RetryConfig;
  verbose?: boolean;
  shouldRetry?(error: unknown): boolean;
  retryAfterMs?(error: unknown): number | undefined;
}): <T>(work: () => Promise<T>, label?: string) => Promise<T> {
  const config = resolveRetryConfig(resolveRetryConfig(undefined, params.configRetry), params.retry);
  return (work, label) =>
    retryAsync(work, {
      ...config,
      ...(label === undefined ? {} : { label }),
      shouldRetry: params.shouldRetry ?? isTransientNetworkError,
      ...(params.retryAfterMs ? { retryAfterMs: params.retryAfterMs } : {}),
    });
}
