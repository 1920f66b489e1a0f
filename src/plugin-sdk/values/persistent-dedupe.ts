import { createHash } from "node:crypto";
import { pruneMapToMaxSize, resolveGlobalSingleton } from "./collections.ts";

const MAX_NAMESPACE_BYTES = 100;

/** A namespace of the plugin's keyed store, whatever characters the given name has. */
export function resolvePersistentDedupePluginStateNamespace(options: {
  namespace: string;
  namespacePrefix?: string;
}): string {
  const prefix = options.namespacePrefix ? `${options.namespacePrefix}.` : "";
  const plain = options.namespace.toLowerCase();
  const safe = /^[a-z0-9][a-z0-9_-]*$/.test(plain) && plain.length + prefix.length <= MAX_NAMESPACE_BYTES;
  const digest = createHash("sha256").update(options.namespace).digest("hex").slice(0, 32);
  return `${prefix}${safe ? plain : `h-${digest}`}`;
}

interface DedupeStore<Row> {
  lookup(key: string): Promise<Row | undefined>;
  register(key: string, value: Row, options?: { ttlMs?: number }): Promise<unknown>;
}

export interface PersistentDedupeCache<Row> {
  /** What this process has seen. */
  peek(key: string): boolean;
  /** What any process has seen. */
  lookup(key: string): Promise<boolean>;
  register(key: string, row: Row, options?: { at?: number }): Promise<void>;
  clearForTest(): void;
}

/** Remembers keys in memory and, where a store can be opened, across restarts. A failing store only costs that. */
export function createPersistentDedupeCache<Row>(params: {
  globalKey: symbol;
  ttlMs: number;
  maxSize: number;
  persistent: {
    namespace: string;
    maxEntries: number;
    openStore(options: {
      namespace: string;
      maxEntries: number;
      defaultTtlMs: number;
    }): DedupeStore<Row> | undefined;
    logError?(error: unknown): void;
    readTimestamp?(row: Row): number | undefined;
  };
}): PersistentDedupeCache<Row> {
  const { ttlMs, maxSize, persistent } = params;
  const seen = resolveGlobalSingleton(params.globalKey, () => new Map<string, number>());
  const remember = (key: string, at: number) => {
    seen.delete(key);
    seen.set(key, at);
    pruneMapToMaxSize(seen, maxSize);
  };
  const isLive = (at: number | undefined) => at !== undefined && Date.now() - at < ttlMs;
  let opened: DedupeStore<Row> | undefined;
  const store = () => {
    const { namespace, maxEntries } = persistent;
    opened ??= persistent.openStore({ namespace, maxEntries, defaultTtlMs: ttlMs });
    return opened;
  };
  return {
    peek: (key) => isLive(seen.get(key)),
    async lookup(key) {
      if (isLive(seen.get(key))) return true;
      try {
        const row = await store()?.lookup(key);
        if (row === undefined) return false;
        const at = persistent.readTimestamp?.(row) ?? Date.now();
        if (isLive(at)) remember(key, at);
        return isLive(at);
      } catch (error) {
        persistent.logError?.(error);
        return false;
      }
    },
    async register(key, row, options = {}) {
      const at = options.at ?? persistent.readTimestamp?.(row) ?? Date.now();
      remember(key, at);
      const left = at + ttlMs - Date.now();
      if (left <= 0) return;
      try {
        await store()?.register(key, row, { ttlMs: Math.ceil(left) });
      } catch (error) {
        persistent.logError?.(error);
      }
    },
    clearForTest: () => seen.clear(),
  };
}

interface WithLogger {
  logging: { getChildLogger(bindings?: object): { warn(message: string, meta?: object): void } };
}

/** Says in the plugin's log that its stored state could not be used. */
export function createPluginStateErrorReporter(
  getRuntime: () => WithLogger | null | undefined,
  plugin: string,
  feature: string,
  message: string,
): (error: unknown) => void {
  return (error) => {
    try {
      getRuntime()
        ?.logging.getChildLogger({ plugin, feature })
        .warn(message, { error: String(error) });
    } catch {
      // Reporting must not add a failure of its own.
    }
  };
}
