import type {
  ComparedResult,
  KeyedStore,
  KeyedStoreEntry,
  KeyedStoreIntent,
  ObservedEntry,
} from "../../contracts/runtime.ts";
import type { Store } from "../../store/index.ts";
import { invalidInput, PluginStateStoreError, type StateOperation, stateError } from "./errors.ts";
import { asSeen, assertSync, type Namespace, seen, type TtlOptions } from "./namespace.ts";

/** How often a compare-and-swap starts over before it gives up. */
export const MAX_SWAP_ATTEMPTS = 64;

/** `api.runtime.state.openKeyedStore` (spec 4.14): a durable map, one round trip to the store per call. */
export class AsyncKeyedStore<T> implements KeyedStore<T> {
  readonly [member: string]: unknown;
  readonly #namespace: Namespace;
  readonly #rows: Store["call"]["keyedState"];
  /** One lane per key that is being swapped, so that callers of one key do not starve each other. */
  readonly #lanes = new Map<string, Promise<void>>();

  constructor(namespace: Namespace, store: Store) {
    this.#namespace = namespace;
    this.#rows = store.call.keyedState;
  }

  async register(key: string, value: T, options?: TtlOptions): Promise<void> {
    const write = this.#namespace.write("register", key, value, options);
    await named("register", this.#rows.register(write));
  }

  async registerIfAbsent(key: string, value: T, options?: TtlOptions): Promise<boolean> {
    const write = this.#namespace.write("registerIfAbsent", key, value, options);
    return named("registerIfAbsent", this.#rows.registerIfAbsent(write));
  }

  async lookup(key: string): Promise<T | undefined> {
    const at = this.#namespace.at("lookup", key);
    // Not through `named`: this is the hot one, and every promise counts.
    let text: string | undefined;
    try {
      text = await this.#rows.value(at);
    } catch (error) {
      throw stateError(error, "lookup");
    }
    return text === undefined ? undefined : this.#namespace.parsed<T>("lookup", key, text);
  }

  async lookupMany(keys: readonly string[]): Promise<(T | undefined)[]> {
    const input = { ...this.#namespace.address(), keys: [...this.#namespace.checkedKeys(keys)] };
    const rows = await named("lookupMany", this.#rows.lookupMany(input));
    return rows.map((row) => (row ? this.#namespace.value<T>("lookupMany", row) : undefined));
  }

  async consume(key: string): Promise<T | undefined> {
    const row = await named("consume", this.#rows.consume(this.#namespace.at("consume", key)));
    return row && this.#namespace.value<T>("consume", row);
  }

  async delete(key: string): Promise<boolean> {
    return named("delete", this.#rows.delete(this.#namespace.at("delete", key)));
  }

  async deleteIfEqual(key: string, value: string | number | boolean | null): Promise<boolean> {
    const at = this.#namespace.at("deleteIfEqual", key);
    const valueJson = this.#namespace.serialise("deleteIfEqual", value);
    return named("deleteIfEqual", this.#rows.deleteIfEqual({ ...at, valueJson }));
  }

  async entries(): Promise<KeyedStoreEntry<T>[]> {
    return this.#namespace.entries(await named("entries", this.#rows.entries(this.#namespace.address())));
  }

  async clear(): Promise<void> {
    await named("clear", this.#rows.clear(this.#namespace.address()));
  }

  async count(): Promise<number> {
    return named("count", this.#rows.count(this.#namespace.address()));
  }

  async update(
    key: string,
    change: (current: T | undefined) => T | undefined,
    options?: TtlOptions,
  ): Promise<boolean> {
    return this.#swap("update", key, async () => {
      const row = await this.#rows.lookup(this.#namespace.at("update", key));
      const next = change(row && this.#namespace.value<T>("update", row));
      assertSync("update", next);
      if (next === undefined) return false;
      const write = this.#namespace.write("update", key, next, options, row?.expiresAt);
      return (await this.#rows.replaceIf({ ...write, seen: seen(row) })) ? true : undefined;
    });
  }

  async deleteIf(key: string, predicate: (current: T) => boolean): Promise<boolean> {
    return this.#swap("deleteIf", key, async () => {
      const at = this.#namespace.at("deleteIf", key);
      const row = await this.#rows.lookup(at);
      if (!row) return false;
      const verdict = predicate(this.#namespace.value<T>("deleteIf", row));
      assertSync("deleteIf", verdict);
      if (!verdict) return false;
      return (await this.#rows.deleteIfSeen({ ...at, seen: seen(row) })) ? true : undefined;
    });
  }

  async observe(key: string): Promise<ObservedEntry<T>> {
    const row = await named("observe", this.#rows.lookup(this.#namespace.at("observe", key)));
    return {
      value: row && this.#namespace.value<T>("observe", row),
      comparison: Object.freeze(seen(row)),
    };
  }

  async compareAndApply(
    key: string,
    comparison: unknown,
    intent: KeyedStoreIntent<T>,
  ): Promise<ComparedResult<T>> {
    const operation = "compareAndApply";
    const base = asSeen(operation, comparison);
    const at = this.#namespace.at(operation, key);
    let done: boolean;
    let unchanged = false;
    if (intent.action === "set") {
      const ttl = intent.ttlMs === undefined ? undefined : { ttlMs: intent.ttlMs };
      const write = this.#namespace.write(operation, key, intent.value, ttl, base?.expiresAt);
      done = await named(operation, this.#rows.replaceIf({ ...write, seen: base }));
    } else if (intent.action === "delete") {
      unchanged = base === null;
      done = await named(operation, this.#rows.deleteIfSeen({ ...at, seen: base }));
    } else if (intent.action === "keep") {
      unchanged = true;
      const row = await named(operation, this.#rows.lookup(at));
      done = JSON.stringify(seen(row)) === JSON.stringify(base);
    } else {
      throw invalidInput(operation, `the intent's action must be "set", "delete" or "keep"`);
    }
    if (!done) return { status: "conflict", current: await this.observe(key) };
    return { status: unchanged ? "unchanged" : "applied" };
  }

  /** Repeats `attempt` until it is decided; `undefined` means that somebody else was faster. */
  #swap(
    operation: StateOperation,
    key: string,
    attempt: () => Promise<boolean | undefined>,
  ): Promise<boolean> {
    return this.#inLane(key, async () => {
      for (let count = 0; count < MAX_SWAP_ATTEMPTS; count++) {
        const decided = await attempt().catch((error) => {
          throw fromStore(error, operation);
        });
        if (decided !== undefined) return decided;
      }
      throw contended(operation, key);
    });
  }

  async #inLane<Result>(key: string, work: () => Promise<Result>): Promise<Result> {
    const result = (this.#lanes.get(key) ?? Promise.resolve()).then(work);
    const settled = result.then(
      () => {},
      () => {},
    );
    this.#lanes.set(key, settled);
    try {
      return await result;
    } finally {
      if (this.#lanes.get(key) === settled) this.#lanes.delete(key);
    }
  }
}

export function contended(operation: StateOperation, key: string): PluginStateStoreError {
  return new PluginStateStoreError(
    "PLUGIN_STATE_WRITE_FAILED",
    operation,
    `"${key}" changed ${MAX_SWAP_ATTEMPTS} times while ${operation} looked at it; try again`,
    { retryable: true },
  );
}

/** Errors of the caller's own function pass as they are; errors of the store get the contract's form. */
export function fromStore(error: unknown, operation: StateOperation): unknown {
  const code = (error as { code?: unknown } | null)?.code;
  const ours = typeof code === "string" && (code.startsWith("STORE_") || code.startsWith("PLUGIN_STATE_"));
  return ours ? stateError(error, operation) : error;
}

async function named<Result>(operation: StateOperation, work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    throw stateError(error, operation);
  }
}
