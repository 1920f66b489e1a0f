import { isRecord } from "../values/records.ts";

interface PersistentStore {
  register(key: string, value: unknown, options?: { ttlMs?: number }): Promise<void>;
  lookup(key: string): Promise<unknown>;
  delete(key: string): Promise<unknown>;
}

interface Remembered<Target> {
  target: Target;
  expiresAtMs: number;
}

/**
 * Which approval a message shows, by the message's key: in memory, and in a keyed store of the plugin so that a
 * reaction after a restart still decides. Without a store, or when it fails, memory alone counts.
 */
export function createApprovalReactionTargetStore<Target>(params: {
  namespace: string;
  maxEntries: number;
  defaultTtlMs: number;
  openStore(options: {
    namespace: string;
    maxEntries: number;
    defaultTtlMs: number;
  }): PersistentStore | undefined;
  logPersistentError?(error: unknown): void;
  /** The target as it was stored, checked; `null` for anything else. */
  readPersistedTarget(value: unknown): Target | null;
}) {
  const { namespace, maxEntries, defaultTtlMs } = params;
  const known = new Map<string, Remembered<Target>>();
  let store: PersistentStore | undefined;

  const remember = (key: string, target: Target, ttlMs: number) => {
    known.delete(key);
    known.set(key, { target, expiresAtMs: Date.now() + ttlMs });
    for (const [old, { expiresAtMs }] of known) {
      if (known.size <= maxEntries && expiresAtMs > Date.now()) break;
      known.delete(old);
    }
  };
  /** The store may not be there yet when the module is loaded; it is asked for until it is. */
  const persisted = async <T>(work: (opened: PersistentStore) => Promise<T>): Promise<T | undefined> => {
    try {
      store ??= params.openStore({ namespace, maxEntries, defaultTtlMs });
      return store && (await work(store));
    } catch (error) {
      params.logPersistentError?.(error);
      return undefined;
    }
  };
  return {
    async register(key: string, target: Target, options: { ttlMs?: number } = {}): Promise<void> {
      const ttlMs = Math.max(1, options.ttlMs ?? defaultTtlMs);
      remember(key, target, ttlMs);
      await persisted((opened) => opened.register(key, { version: 1, target }, { ttlMs }));
    },
    async lookup(key: string): Promise<Target | null> {
      const remembered = known.get(key);
      if (remembered && remembered.expiresAtMs > Date.now()) return remembered.target;
      known.delete(key);
      const row = await persisted((opened) => opened.lookup(key));
      return isRecord(row) && row["version"] === 1 ? params.readPersistedTarget(row["target"]) : null;
    },
    async delete(key: string): Promise<void> {
      known.delete(key);
      await persisted((opened) => opened.delete(key));
    },
    clearForTest(): void {
      known.clear();
      store = undefined;
    },
  };
}
