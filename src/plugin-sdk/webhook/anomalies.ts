import { pruneMapToMaxSize } from "../values/collections.ts";

/** Refused requests are counted and told of now and then, so that a flood does not fill the log. */

export const WEBHOOK_ANOMALY_COUNTER_DEFAULTS = Object.freeze({
  maxTrackedKeys: 4_096,
  ttlMs: 6 * 60 * 60 * 1_000,
  logEvery: 25,
} as const);

export const WEBHOOK_ANOMALY_STATUS_CODES: readonly number[] = Object.freeze([400, 401, 408, 413, 415, 429]);

/** Counts per key; a count that nothing was added to for `ttlMs` begins anew, 0 keeps it for ever. */
export function createBoundedCounter(options: {
  maxTrackedKeys: number;
  ttlMs?: number;
  pruneIntervalMs?: number;
}) {
  const counts = new Map<string, { count: number; at: number }>();
  return {
    increment(key: string, now = Date.now()): number {
      const known = counts.get(key);
      const isFresh = known !== undefined && (!options.ttlMs || now - known.at < options.ttlMs);
      const count = (isFresh ? known.count : 0) + 1;
      counts.delete(key);
      counts.set(key, { count, at: now });
      pruneMapToMaxSize(counts, options.maxTrackedKeys);
      return count;
    },
    size: () => counts.size,
    clear: () => counts.clear(),
  };
}

export function createWebhookAnomalyTracker(
  options: {
    maxTrackedKeys?: number;
    ttlMs?: number;
    logEvery?: number;
    trackedStatusCodes?: readonly number[];
  } = {},
) {
  const logEvery = Math.max(1, Math.floor(options.logEvery ?? WEBHOOK_ANOMALY_COUNTER_DEFAULTS.logEvery));
  const statusCodes = new Set(options.trackedStatusCodes ?? WEBHOOK_ANOMALY_STATUS_CODES);
  const counter = createBoundedCounter({
    maxTrackedKeys: options.maxTrackedKeys ?? WEBHOOK_ANOMALY_COUNTER_DEFAULTS.maxTrackedKeys,
    ttlMs: options.ttlMs ?? WEBHOOK_ANOMALY_COUNTER_DEFAULTS.ttlMs,
  });
  return {
    /** The count so far; 0 for a status that is no anomaly. Logs the first and every `logEvery`th. */
    record(params: {
      key: string;
      statusCode: number;
      message(count: number): string;
      log?: ((message: string) => void) | undefined;
      nowMs?: number;
    }): number {
      if (!statusCodes.has(params.statusCode)) return 0;
      const count = counter.increment(params.key, params.nowMs);
      if (count === 1 || count % logEvery === 0) params.log?.(params.message(count));
      return count;
    },
    size: counter.size,
    clear: counter.clear,
  };
}
