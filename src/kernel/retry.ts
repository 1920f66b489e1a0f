/** Trying again after a failure, with pauses that grow. */

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
  const attempts = Math.max(1, Math.round(finite(overrides?.attempts, defaults.attempts)));
  const minDelayMs = Math.max(0, Math.round(finite(overrides?.minDelayMs, defaults.minDelayMs)));
  const maxDelayMs = Math.max(minDelayMs, Math.round(finite(overrides?.maxDelayMs, defaults.maxDelayMs)));
  const jitter = Math.min(1, Math.max(0, finite(overrides?.jitter, defaults.jitter)));
  return { attempts, minDelayMs, maxDelayMs, jitter };
}

function finite(value: unknown, fallback: number): number {
  return typeof value === "number" && Number.isFinite(value) ? value : fallback;
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

/**
 * Rejects with the signal's reason when it aborts first. Unlike a clock's timers it keeps the process alive, unless
 * `ref` is false: somebody waits for what follows.
 */
export function sleepWithAbort(
  ms: number,
  signal?: AbortSignal,
  options: { ref?: boolean } = {},
): Promise<void> {
  if (signal?.aborted) return Promise.reject(abortReason(signal));
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer);
      reject(abortReason(signal));
    };
    const timer = setTimeout(
      () => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      },
      Math.max(0, ms),
    );
    if (options.ref === false) timer.unref();
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

function abortReason(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new Error("aborted");
}
