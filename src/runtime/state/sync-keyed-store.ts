import type { KeyedStoreEntry, SyncKeyedStore } from "../../contracts/runtime.ts";
import type { Store } from "../../store/index.ts";
import { type StateOperation, stateError } from "./errors.ts";
import { contended, fromStore, MAX_SWAP_ATTEMPTS } from "./keyed-store.ts";
import { assertSync, type Namespace, seen, type TtlOptions } from "./namespace.ts";

/**
 * `api.runtime.state.openSyncKeyedStore` (spec 4.14): the same map for callers that can not wait.
 *
 * Each call blocks its thread for one round trip to the store worker: about 20 µs for a read, one sync to
 * disk for a write. A copy kept in memory would answer faster, but a write would then return before it is
 * durable, and every plugin's rows would have to be loaded before its `register` runs. Blocking keeps the
 * promise of the contract (what returned is on disk, `registerIfAbsent` is atomic against every other
 * caller) and needs no driver on the event loop. Prefer the asynchronous store on busy paths.
 */
export class BlockingKeyedStore<T> implements SyncKeyedStore<T> {
  readonly [member: string]: unknown;
  readonly #namespace: Namespace;
  readonly #rows: Store["callSync"]["keyedState"];

  constructor(namespace: Namespace, store: Store) {
    this.#namespace = namespace;
    this.#rows = store.callSync.keyedState;
  }

  register(key: string, value: T, options?: TtlOptions): void {
    const write = this.#namespace.write("register", key, value, options);
    named("register", () => this.#rows.register(write));
  }

  registerIfAbsent(key: string, value: T, options?: TtlOptions): boolean {
    const write = this.#namespace.write("registerIfAbsent", key, value, options);
    return named("registerIfAbsent", () => this.#rows.registerIfAbsent(write));
  }

  lookup(key: string): T | undefined {
    const at = this.#namespace.at("lookup", key);
    const text = named("lookup", () => this.#rows.value(at));
    return text === undefined ? undefined : this.#namespace.parsed<T>("lookup", key, text);
  }

  lookupMany(keys: readonly string[]): (T | undefined)[] {
    const input = { ...this.#namespace.address(), keys: [...this.#namespace.checkedKeys(keys)] };
    const rows = named("lookupMany", () => this.#rows.lookupMany(input));
    return rows.map((row) => (row ? this.#namespace.value<T>("lookupMany", row) : undefined));
  }

  consume(key: string): T | undefined {
    const at = this.#namespace.at("consume", key);
    const row = named("consume", () => this.#rows.consume(at));
    return row && this.#namespace.value<T>("consume", row);
  }

  delete(key: string): boolean {
    const at = this.#namespace.at("delete", key);
    return named("delete", () => this.#rows.delete(at));
  }

  deleteIfEqual(key: string, value: string | number | boolean | null): boolean {
    const at = this.#namespace.at("deleteIfEqual", key);
    const valueJson = this.#namespace.serialise("deleteIfEqual", value);
    return named("deleteIfEqual", () => this.#rows.deleteIfEqual({ ...at, valueJson }));
  }

  entries(): KeyedStoreEntry<T>[] {
    return this.#namespace.entries(named("entries", () => this.#rows.entries(this.#namespace.address())));
  }

  clear(): void {
    named("clear", () => this.#rows.clear(this.#namespace.address()));
  }

  count(): number {
    return named("count", () => this.#rows.count(this.#namespace.address()));
  }

  update(key: string, change: (current: T | undefined) => T | undefined, options?: TtlOptions): boolean {
    return swap("update", key, () => {
      const row = this.#rows.lookup(this.#namespace.at("update", key));
      const next = change(row && this.#namespace.value<T>("update", row));
      assertSync("update", next);
      if (next === undefined) return false;
      const write = this.#namespace.write("update", key, next, options, row?.expiresAt);
      return this.#rows.replaceIf({ ...write, seen: seen(row) }) ? true : undefined;
    });
  }

  deleteIf(key: string, predicate: (current: T) => boolean): boolean {
    return swap("deleteIf", key, () => {
      const at = this.#namespace.at("deleteIf", key);
      const row = this.#rows.lookup(at);
      if (!row) return false;
      const verdict = predicate(this.#namespace.value<T>("deleteIf", row));
      assertSync("deleteIf", verdict);
      if (!verdict) return false;
      return this.#rows.deleteIfSeen({ ...at, seen: seen(row) }) ? true : undefined;
    });
  }
}

function swap(operation: StateOperation, key: string, attempt: () => boolean | undefined): boolean {
  for (let count = 0; count < MAX_SWAP_ATTEMPTS; count++) {
    let decided: boolean | undefined;
    try {
      decided = attempt();
    } catch (error) {
      throw fromStore(error, operation);
    }
    if (decided !== undefined) return decided;
  }
  throw contended(operation, key);
}

function named<Result>(operation: StateOperation, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw stateError(error, operation);
  }
}
