import { collectErrorGraphCandidates, extractErrorCode } from "../errors/errors.ts";
import { sleepWithAbort } from "./async.ts";
import { asFiniteNumber } from "./numbers.ts";

export interface RetryConfig {
  attempts?: number;
  minDelayMs?: number;
  maxDelayMs?: number;
  /** A fraction (0.1) of the delay. */
  jitter?: number;
}

export interface RetryInfo {
  attempt: number;
  maxAttempts: number;
  delayMs: number;
  err: unknown;
  label?: string;
}

export interface RetryOptions extends RetryConfig {
  label?: string;
  signal?: AbortSignal;
  shouldRetry?(error: unknown, attempt: number): boolean;
  /** Milliseconds the other side asks to wait. */
  retryAfterMs?(error: unknown): number | undefined;
  onRetry?(info: RetryInfo): void;
}

const DEFAULTS: Required<RetryConfig> = { attempts: 3, minDelayMs: 300, maxDelayMs: 30_000, jitter: 0 };

export function resolveRetryConfig(
  defaults: Required<RetryConfig> = DEFAULTS,
  overrides?: RetryConfig | null,
): Required<RetryConfig> {
  const attempts = Math.max(1, Math.round(asFiniteNumber(overrides?.attempts) ?? defaults.attempts));
  const minDelayMs = Math.max(0, Math.round(asFiniteNumber(overrides?.minDelayMs) ?? defaults.minDelayMs));
  const maxDelayMs = Math.max(
    minDelayMs,
    Math.round(asFiniteNumber(overrides?.maxDelayMs) ?? defaults.maxDelayMs),
  );
  const jitter = Math.min(1, Math.max(0, asFiniteNumber(overrides?.jitter) ?? defaults.jitter));
  return { attempts, minDelayMs, maxDelayMs, jitter };
}

/** `(work, attempts?, initialDelayMs?)` or `(work, options)`. Delays double from `minDelayMs`. */
export async function retryAsync<T>(
  work: () => Promise<T>,
  attemptsOrOptions: number | RetryOptions = DEFAULTS.attempts,
  initialDelayMs = DEFAULTS.minDelayMs,
): Promise<T> {
  const options: RetryOptions =
    typeof attemptsOrOptions === "number"
      ? { attempts: attemptsOrOptions, minDelayMs: initialDelayMs }
      : attemptsOrOptions;
  const config = resolveRetryConfig(DEFAULTS, options);
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const stop = attempt >= config.attempts || options.signal?.aborted;
      if (stop || options.shouldRetry?.(error, attempt) === false) throw error;
      const asked = options.retryAfterMs?.(error);
      const delayMs = retryDelay(config, attempt, asked);
      options.onRetry?.({
        attempt,
        maxAttempts: config.attempts,
        delayMs,
        err: error,
        ...(options.label === undefined ? {} : { label: options.label }),
      });
      await sleepWithAbort(delayMs, options.signal);
    }
  }
}

function retryDelay(config: Required<RetryConfig>, attempt: number, asked: number | undefined): number {
  const base = Math.max(config.minDelayMs * 2 ** (attempt - 1), asked ?? 0);
  const spread = 1 + (Math.random() * 2 - 1) * config.jitter;
  const delay = Math.min(config.maxDelayMs, Math.round(base * spread));
  return asked === undefined ? delay : Math.max(delay, Math.min(asked, config.maxDelayMs));
}

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
  const config = resolveRetryConfig(resolveRetryConfig(DEFAULTS, params.configRetry), params.retry);
  return (work, label) =>
    retryAsync(work, {
      ...config,
      ...(label === undefined ? {} : { label }),
      shouldRetry: params.shouldRetry ?? isTransientNetworkError,
      ...(params.retryAfterMs ? { retryAfterMs: params.retryAfterMs } : {}),
    });
}
