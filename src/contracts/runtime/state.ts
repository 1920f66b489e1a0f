export interface KeyedStoreOptions {
  namespace: string;
  maxEntries: number;
  defaultTtlMs?: number;
  overflowPolicy?: "evict-oldest" | "reject-new";
}

export interface KeyedStoreEntry<T> {
  key: string;
  value: T;
  createdAt: number;
  expiresAt?: number;
}

/** A row as its reader saw it; `comparison` goes back to the store as it is. */
export interface ObservedEntry<T> {
  value: T | undefined;
  comparison: unknown;
}

/** What a reader of a row wants to become of it. */
export type KeyedStoreIntent<T> =
  | { operation: "update"; action: "set"; value: T; ttlMs?: number }
  | { operation: "delete"; action: "delete" }
  | { operation: "update" | "delete"; action: "keep" };

/** `conflict`: the row changed since it was observed, nothing was done; `unchanged`: nothing was to do. */
export type ComparedResult<T> =
  | { status: "applied" }
  | { status: "unchanged" }
  | { status: "conflict"; current: ObservedEntry<T> };

/** A plugin's own durable map (spec 4.14). */
export interface KeyedStore<T> {
  register(key: string, value: T, options?: { ttlMs?: number }): Promise<void>;
  registerIfAbsent(key: string, value: T, options?: { ttlMs?: number }): Promise<boolean>;
  lookup(key: string): Promise<T | undefined>;
  lookupMany(keys: readonly string[]): Promise<(T | undefined)[]>;
  consume(key: string): Promise<T | undefined>;
  delete(key: string): Promise<boolean>;
  entries(): Promise<KeyedStoreEntry<T>[]>;
  clear(): Promise<void>;
  count(): Promise<number>;
  /** `change` must be synchronous; `undefined` leaves the row as it is. Keeps `createdAt` of a live row. */
  update(
    key: string,
    change: (current: T | undefined) => T | undefined,
    options?: { ttlMs?: number },
  ): Promise<boolean>;
  deleteIf(key: string, predicate: (current: T) => boolean): Promise<boolean>;
  deleteIfEqual(key: string, value: string | number | boolean | null): Promise<boolean>;
  observe(key: string): Promise<ObservedEntry<T>>;
  /** Carries `intent` out if the row is still as {@link KeyedStore.observe} saw it. */
  compareAndApply(key: string, comparison: unknown, intent: KeyedStoreIntent<T>): Promise<ComparedResult<T>>;
  [member: string]: unknown;
}

/** The same map for callers that can not wait; every call blocks for a round trip to the store. */
export interface SyncKeyedStore<T> {
  register(key: string, value: T, options?: { ttlMs?: number }): void;
  registerIfAbsent(key: string, value: T, options?: { ttlMs?: number }): boolean;
  lookup(key: string): T | undefined;
  lookupMany(keys: readonly string[]): (T | undefined)[];
  consume(key: string): T | undefined;
  delete(key: string): boolean;
  entries(): KeyedStoreEntry<T>[];
  clear(): void;
  count(): number;
  update(
    key: string,
    change: (current: T | undefined) => T | undefined,
    options?: { ttlMs?: number },
  ): boolean;
  deleteIf(key: string, predicate: (current: T) => boolean): boolean;
  deleteIfEqual(key: string, value: string | number | boolean | null): boolean;
  [member: string]: unknown;
}

/** `api.runtime.state` (spec 4.14). */
export interface PluginRuntimeState {
  resolveStateDir(env?: Readonly<Record<string, string | undefined>>): string;
  openKeyedStore<T>(options: KeyedStoreOptions): KeyedStore<T>;
  openSyncKeyedStore<T>(options: KeyedStoreOptions): SyncKeyedStore<T>;
  [member: string]: unknown;
}
