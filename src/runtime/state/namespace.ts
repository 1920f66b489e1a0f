import type { KeyedStoreEntry, KeyedStoreOptions } from "../../contracts/runtime.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Logger } from "../../kernel/logger.ts";
import type { SeenRow, StateKey, StateRow, StateWrite } from "../../store/procedures/keyed-state.ts";
import { invalidInput, PluginStateStoreError, type StateOperation } from "./errors.ts";
import { whyNotPlainJson } from "./plain-json.ts";

export const MAX_NAMESPACE_BYTES = 128;
export const MAX_KEY_BYTES = 512;
export const MAX_LOOKUP_KEYS = 10_000;

const LONE_SURROGATE = /\p{Surrogate}/u;
const NAMESPACE = /^[a-z0-9][a-z0-9._-]*$/i;

/** Settings `state.keyedStore.*`; the defaults are the seed's. */
export interface KeyedStoreLimits {
  /** A serialised value must be smaller than this. Default 65,536. */
  maxValueBytes: number;
  /** Live rows of one plugin over all namespaces. Default 1,000. */
  maxRowsPerPlugin: number;
}

export const DEFAULT_KEYED_STORE_LIMITS: KeyedStoreLimits = {
  maxValueBytes: 65_536,
  maxRowsPerPlugin: 1_000,
};

export interface TtlOptions {
  ttlMs?: number;
}

/** One namespace of one plugin: what goes to the store is checked here, what comes back is read here. */
export class Namespace {
  readonly pluginId: string;
  readonly options: Readonly<Required<Omit<KeyedStoreOptions, "defaultTtlMs">> & { defaultTtlMs?: number }>;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #limits: () => KeyedStoreLimits;

  constructor(
    pluginId: string,
    options: KeyedStoreOptions,
    context: { clock: Clock; logger: Logger; limits: () => KeyedStoreLimits },
  ) {
    this.pluginId = pluginId;
    this.options = checkedOptions(options);
    this.#clock = context.clock;
    this.#logger = context.logger;
    this.#limits = context.limits;
  }

  now(): number {
    return this.#clock.now();
  }

  address(): { pluginId: string; namespace: string; now: number } {
    return { pluginId: this.pluginId, namespace: this.options.namespace, now: this.now() };
  }

  at(operation: StateOperation, key: string): StateKey & { now: number } {
    assertKey(operation, key);
    // Written out: a spread would be a third of what a lookup costs this thread.
    return { pluginId: this.pluginId, namespace: this.options.namespace, now: this.now(), key };
  }

  /** @param keepExpiry used when neither a TTL nor a default TTL is given */
  write(
    operation: StateOperation,
    key: string,
    value: unknown,
    ttl: TtlOptions | undefined,
    keepExpiry: number | null = null,
  ): StateWrite {
    const at = this.at(operation, key);
    const { maxEntries, overflowPolicy, defaultTtlMs } = this.options;
    if (ttl?.ttlMs !== undefined) assertTtl(operation, ttl.ttlMs, "ttlMs");
    const ttlMs = ttl?.ttlMs ?? defaultTtlMs;
    return {
      ...at,
      valueJson: this.serialise(operation, value),
      expiresAt: ttlMs === undefined ? keepExpiry : at.now + ttlMs,
      maxEntries,
      overflow: overflowPolicy,
      maxRows: this.#limits().maxRowsPerPlugin,
    };
  }

  serialise(operation: StateOperation, value: unknown): string {
    const { maxValueBytes } = this.#limits();
    const reason = whyNotPlainJson(value, maxValueBytes);
    if (reason !== undefined && reason !== "too large") {
      throw invalidInput(operation, `only plain JSON can be stored: ${reason}`);
    }
    const text = reason === undefined ? JSON.stringify(value) : undefined;
    if (text === undefined || Buffer.byteLength(text) >= maxValueBytes) {
      throw new PluginStateStoreError(
        "PLUGIN_STATE_LIMIT_EXCEEDED",
        operation,
        `a value must be smaller than ${maxValueBytes} bytes of JSON`,
        { details: { maxValueBytes } },
      );
    }
    return text;
  }

  /** @throws PluginStateStoreError `PLUGIN_STATE_CORRUPT` when the stored text is damaged */
  value<T>(operation: StateOperation, row: StateRow): T {
    return this.parsed(operation, row.key, row.valueJson);
  }

  /** The same of a value that came without its row. */
  parsed<T>(operation: StateOperation, key: string, valueJson: string): T {
    try {
      return JSON.parse(valueJson) as T;
    } catch (cause) {
      throw new PluginStateStoreError(
        "PLUGIN_STATE_CORRUPT",
        operation,
        `the value under "${key}" is damaged; delete the key`,
        { details: { namespace: this.options.namespace, key }, cause },
      );
    }
  }

  /** Damaged rows are left out with a warning. */
  entries<T>(rows: readonly StateRow[]): KeyedStoreEntry<T>[] {
    const entries: KeyedStoreEntry<T>[] = [];
    for (const row of rows) {
      try {
        const value = this.value<T>("entries", row);
        const { key, createdAt, expiresAt } = row;
        entries.push({ key, value, createdAt, ...(expiresAt === null ? {} : { expiresAt }) });
      } catch {
        this.#logger.warn("a stored value is damaged and was left out", {
          plugin: this.pluginId,
          namespace: this.options.namespace,
          entry: row.key,
        });
      }
    }
    return entries;
  }

  checkedKeys(keys: readonly string[]): readonly string[] {
    if (!Array.isArray(keys) || keys.length > MAX_LOOKUP_KEYS) {
      throw invalidInput("lookupMany", `expected an array of at most ${MAX_LOOKUP_KEYS} keys`);
    }
    for (const key of keys) assertKey("lookupMany", key);
    return keys;
  }

  sameOptions(other: KeyedStoreOptions): boolean {
    const wanted = checkedOptions(other);
    return (
      wanted.maxEntries === this.options.maxEntries &&
      wanted.defaultTtlMs === this.options.defaultTtlMs &&
      wanted.overflowPolicy === this.options.overflowPolicy
    );
  }
}

/** What a compare-and-swap says it saw. */
export function seen(row: StateRow | undefined): SeenRow {
  if (!row) return null;
  return { valueJson: row.valueJson, createdAt: row.createdAt, expiresAt: row.expiresAt };
}

/** Reads back what {@link seen} gave to a plugin. */
export function asSeen(operation: StateOperation, comparison: unknown): SeenRow {
  if (comparison === null) return null;
  const { valueJson, createdAt, expiresAt } = (comparison ?? {}) as Partial<NonNullable<SeenRow>>;
  const expires = expiresAt === null || typeof expiresAt === "number";
  if (typeof valueJson !== "string" || typeof createdAt !== "number" || !expires) {
    throw invalidInput(operation, "give the comparison that observe returned for this key");
  }
  return { valueJson, createdAt, expiresAt };
}

/** Refuses what an `async` callback returns: the store would write before it settles. */
export function assertSync(operation: StateOperation, result: unknown): void {
  if (typeof (result as { then?: unknown } | null | undefined)?.then === "function") {
    throw invalidInput(operation, `the function given to ${operation} must not be async`);
  }
}

function checkedOptions(options: KeyedStoreOptions): Namespace["options"] {
  const { namespace, maxEntries, defaultTtlMs, overflowPolicy = "evict-oldest" } = options;
  if (typeof namespace !== "string" || !NAMESPACE.test(namespace) || namespace.length > MAX_NAMESPACE_BYTES) {
    throw invalidInput(
      "open",
      `a namespace is at most ${MAX_NAMESPACE_BYTES} letters, digits, ".", "_" or "-" and starts with a letter or digit`,
      { namespace },
    );
  }
  if (!Number.isSafeInteger(maxEntries) || maxEntries < 1) {
    throw invalidInput("open", "maxEntries must be an integer of at least 1", { maxEntries });
  }
  if (overflowPolicy !== "evict-oldest" && overflowPolicy !== "reject-new") {
    throw invalidInput("open", 'overflowPolicy is "evict-oldest" or "reject-new"', { overflowPolicy });
  }
  if (defaultTtlMs === undefined) return { namespace, maxEntries, overflowPolicy };
  assertTtl("open", defaultTtlMs, "defaultTtlMs");
  return { namespace, maxEntries, overflowPolicy, defaultTtlMs };
}

function assertKey(operation: StateOperation, key: string): void {
  const valid =
    typeof key === "string" &&
    key.trim() !== "" &&
    Buffer.byteLength(key) <= MAX_KEY_BYTES &&
    // Two lone surrogates would become the same bytes, and with them the same key.
    !LONE_SURROGATE.test(key);
  if (!valid) throw invalidInput(operation, `a key is 1 to ${MAX_KEY_BYTES} bytes of text, not only spaces`);
}

function assertTtl(operation: StateOperation, ttlMs: number, name: string): void {
  if (Number.isSafeInteger(ttlMs) && ttlMs > 0) return;
  throw invalidInput(operation, `${name} must be a positive integer of milliseconds`, { [name]: ttlMs });
}
