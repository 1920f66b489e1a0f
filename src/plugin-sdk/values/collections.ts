/** Drops the oldest entries until at most `maxSize` are left. */
export function pruneMapToMaxSize<Key, Value>(map: Map<Key, Value>, maxSize: number): void {
  const limit = Math.max(0, Math.floor(maxSize));
  for (const key of map.keys()) {
    if (map.size <= limit) return;
    map.delete(key);
  }
}

export function expectDefined<T>(value: T | null | undefined, message = "value"): T {
  if (value === null || value === undefined) throw new Error(`expected ${message} to be defined`);
  return value;
}

/** One value for the whole process, however many copies of a module are loaded. */
export function resolveGlobalSingleton<T>(key: symbol, create: () => T): T {
  const slots = globalThis as unknown as Record<symbol, T | undefined>;
  slots[key] ??= create();
  return slots[key] as T;
}

export function resolveGlobalMap<Key, Value>(key: symbol): Map<Key, Value> {
  return resolveGlobalSingleton(key, () => new Map<Key, Value>());
}

export interface DedupeCache {
  /** True when the key was seen within its lifetime; records it. */
  check(key: string | undefined | null, now?: number): boolean;
  peek(key: string | undefined | null, now?: number): boolean;
  delete(key: string | undefined | null): void;
  clear(): void;
  size(): number;
}

export function createDedupeCache(options: { ttlMs: number; maxSize: number }): DedupeCache {
  const seen = new Map<string, number>();
  const live = (key: string, now: number) => {
    const at = seen.get(key);
    return at !== undefined && (options.ttlMs <= 0 || now - at < options.ttlMs);
  };
  return {
    check(key, now = Date.now()) {
      if (!key) return false;
      const known = live(key, now);
      seen.delete(key);
      seen.set(key, now);
      pruneMapToMaxSize(seen, options.maxSize);
      return known;
    },
    peek: (key, now = Date.now()) => !!key && live(key, now),
    delete(key) {
      if (key) seen.delete(key);
    },
    clear: () => seen.clear(),
    size: () => seen.size,
  };
}

/** One cache for all copies of a module that name the same symbol. */
export function resolveGlobalDedupeCache(
  key: symbol,
  options: Parameters<typeof createDedupeCache>[0],
): DedupeCache {
  return resolveGlobalSingleton(key, () => createDedupeCache(options));
}
