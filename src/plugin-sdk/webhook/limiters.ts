import { isLoopbackHost } from "../../runtime/egress/index.ts";
import { pruneMapToMaxSize } from "../values/collections.ts";

export const WEBHOOK_RATE_LIMIT_DEFAULTS = Object.freeze({
  windowMs: 60_000,
  maxRequests: 120,
  maxTrackedKeys: 4_096,
} as const);

export const WEBHOOK_IN_FLIGHT_DEFAULTS = Object.freeze({
  maxInFlightPerKey: 8,
  maxTrackedKeys: 4_096,
} as const);

/** Counts requests per key in windows of fixed length. */
export function createFixedWindowRateLimiter(options: {
  windowMs: number;
  maxRequests: number;
  maxTrackedKeys: number;
  pruneIntervalMs?: number;
}) {
  const windows = new Map<string, { startedAt: number; count: number }>();
  return {
    isRateLimited(key: string, now = Date.now()): boolean {
      const window = windows.get(key);
      if (!window || now - window.startedAt >= options.windowMs) {
        windows.delete(key);
        windows.set(key, { startedAt: now, count: 1 });
        pruneMapToMaxSize(windows, options.maxTrackedKeys);
        return options.maxRequests < 1;
      }
      window.count += 1;
      return window.count > options.maxRequests;
    },
    size: () => windows.size,
    clear: () => windows.clear(),
  };
}

/** At most so many handlers of one key at a time. */
export function createWebhookInFlightLimiter(
  options: { maxInFlightPerKey?: number; maxTrackedKeys?: number } = {},
) {
  const limit = options.maxInFlightPerKey ?? WEBHOOK_IN_FLIGHT_DEFAULTS.maxInFlightPerKey;
  const counts = new Map<string, number>();
  return {
    tryAcquire(key: string): boolean {
      const count = counts.get(key) ?? 0;
      if (count >= limit) return false;
      counts.set(key, count + 1);
      pruneMapToMaxSize(counts, options.maxTrackedKeys ?? WEBHOOK_IN_FLIGHT_DEFAULTS.maxTrackedKeys);
      return true;
    },
    release(key: string): void {
      const count = counts.get(key);
      if (count === undefined) return;
      if (count <= 1) counts.delete(key);
      else counts.set(key, count - 1);
    },
    size: () => counts.size,
    clear: () => counts.clear(),
  };
}

interface AuthRecord {
  failures: number[];
  lockedUntil: number;
}

/** Locks an address out after too many failed attempts. */
export function createAuthRateLimiter(
  config: {
    maxAttempts?: number;
    windowMs?: number;
    lockoutMs?: number;
    exemptLoopback?: boolean;
    pruneIntervalMs?: number;
  } = {},
) {
  const { maxAttempts = 10, windowMs = 60_000, lockoutMs = 300_000, exemptLoopback = true } = config;
  const records = new Map<string, AuthRecord>();
  const keyOf = (ip: string | undefined, scope = "default") => `${scope}|${ip?.trim() || "unknown"}`;
  const exempt = (ip: string | undefined) => exemptLoopback && ip !== undefined && isLoopbackHost(ip);
  const recent = (record: AuthRecord, now: number) => record.failures.filter((at) => now - at < windowMs);
  const prune = () => {
    const now = Date.now();
    for (const [key, record] of records) {
      if (record.lockedUntil <= now && recent(record, now).length === 0) records.delete(key);
    }
  };
  const timer = setInterval(prune, config.pruneIntervalMs ?? windowMs);
  timer.unref();
  const limiter = {
    check(ip: string | undefined, scope?: string) {
      const now = Date.now();
      const record = records.get(keyOf(ip, scope));
      if (!record || exempt(ip)) return { allowed: true, remaining: maxAttempts, retryAfterMs: 0 };
      if (record.lockedUntil > now)
        return { allowed: false, remaining: 0, retryAfterMs: record.lockedUntil - now };
      const remaining = Math.max(0, maxAttempts - recent(record, now).length);
      return { allowed: remaining > 0, remaining, retryAfterMs: remaining > 0 ? 0 : windowMs };
    },
    recordFailure(ip: string | undefined, scope?: string): void {
      if (exempt(ip)) return;
      const now = Date.now();
      const key = keyOf(ip, scope);
      const record = records.get(key) ?? { failures: [], lockedUntil: 0 };
      record.failures = [...recent(record, now), now].slice(-maxAttempts);
      if (record.failures.length >= maxAttempts) record.lockedUntil = now + lockoutMs;
      records.set(key, record);
      pruneMapToMaxSize(records, WEBHOOK_RATE_LIMIT_DEFAULTS.maxTrackedKeys);
    },
    async recordFailureAndDelay(ip: string | undefined, scope?: string): Promise<void> {
      limiter.recordFailure(ip, scope);
    },
    reset: (ip: string | undefined, scope?: string) => void records.delete(keyOf(ip, scope)),
    size: () => records.size,
    prune,
    dispose: () => {
      clearInterval(timer);
      records.clear();
    },
  };
  return limiter;
}
