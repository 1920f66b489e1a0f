import type { KeyedStore, KeyedStoreOptions, SyncKeyedStore } from "../../contracts/runtime.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Disposable } from "../../kernel/disposable.ts";
import type { Logger } from "../../kernel/logger.ts";
import type { Store } from "../../store/index.ts";
import { invalidInput, PluginStateStoreError } from "./errors.ts";
import { AsyncKeyedStore } from "./keyed-store.ts";
import { DEFAULT_KEYED_STORE_LIMITS, type KeyedStoreLimits, Namespace } from "./namespace.ts";
import { BlockingKeyedStore } from "./sync-keyed-store.ts";

export type { KeyedStoreLimits } from "./namespace.ts";
export { resolveStateDir } from "./state-folder.ts";

/** How often expired rows are removed; they are invisible from the moment they expire. */
export const SWEEP_PERIOD_MS = 600_000;
/** Namespaces one plugin may open. */
export const MAX_NAMESPACES_PER_PLUGIN = 1_024;

export interface KeyedStoresOptions {
  store: Store;
  clock: Clock;
  logger: Logger;
  /** Read at each write, so that a changed setting counts at once. Default: the seed's limits. */
  limits?: () => KeyedStoreLimits;
}

/** Opens the durable maps of plugins (`api.runtime.state`). */
export interface KeyedStores extends Disposable {
  /**
   * The same namespace gives the same store.
   *
   * @throws PluginStateStoreError `PLUGIN_STATE_INVALID_INPUT` for bad options, or options that differ from
   *   those the namespace was opened with
   */
  openKeyedStore<T>(pluginId: string, options: KeyedStoreOptions): KeyedStore<T>;
  /** The blocking form; see {@link BlockingKeyedStore} for what a call costs. */
  openSyncKeyedStore<T>(pluginId: string, options: KeyedStoreOptions): SyncKeyedStore<T>;
  /** Forgets which namespaces a plugin opened, for its next load. Rows stay. */
  release(pluginId: string): void;
}

export function createKeyedStores(options: KeyedStoresOptions): KeyedStores {
  return new PluginKeyedStores(options);
}

interface OpenNamespace {
  namespace: Namespace;
  async: KeyedStore<unknown>;
  sync: SyncKeyedStore<unknown>;
}

class PluginKeyedStores implements KeyedStores {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #limits: () => KeyedStoreLimits;
  readonly #plugins = new Map<string, Map<string, OpenNamespace>>();
  readonly #timer: Disposable;
  #sweeping: Promise<void> | undefined;
  #disposed = false;

  constructor(options: KeyedStoresOptions) {
    this.#store = options.store;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#limits = options.limits ?? (() => DEFAULT_KEYED_STORE_LIMITS);
    this.#timer = this.#clock.every(SWEEP_PERIOD_MS, () => {
      this.#sweeping ??= this.#sweep().finally(() => {
        this.#sweeping = undefined;
      });
    });
  }

  openKeyedStore<T>(pluginId: string, options: KeyedStoreOptions): KeyedStore<T> {
    return this.#open(pluginId, options).async as KeyedStore<T>;
  }

  openSyncKeyedStore<T>(pluginId: string, options: KeyedStoreOptions): SyncKeyedStore<T> {
    return this.#open(pluginId, options).sync as SyncKeyedStore<T>;
  }

  release(pluginId: string): void {
    this.#plugins.delete(pluginId);
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    this.#timer.dispose();
    this.#plugins.clear();
    await this.#sweeping;
  }

  #open(pluginId: string, options: KeyedStoreOptions): OpenNamespace {
    const opened = this.#plugins.get(pluginId) ?? new Map<string, OpenNamespace>();
    const known = opened.get(options.namespace);
    if (known) {
      if (known.namespace.sameOptions(options)) return known;
      throw invalidInput("open", `namespace "${options.namespace}" is open with other options`, {
        namespace: options.namespace,
        open: known.namespace.options,
      });
    }
    if (opened.size >= MAX_NAMESPACES_PER_PLUGIN) {
      throw new PluginStateStoreError(
        "PLUGIN_STATE_LIMIT_EXCEEDED",
        "open",
        `a plugin may open ${MAX_NAMESPACES_PER_PLUGIN} namespaces; put the varying part into the key`,
      );
    }
    const context = { clock: this.#clock, logger: this.#logger, limits: this.#limits };
    const namespace = new Namespace(pluginId, options, context);
    const entry = {
      namespace,
      async: new AsyncKeyedStore<unknown>(namespace, this.#store),
      sync: new BlockingKeyedStore<unknown>(namespace, this.#store),
    };
    opened.set(options.namespace, entry);
    this.#plugins.set(pluginId, opened);
    return entry;
  }

  async #sweep(): Promise<void> {
    try {
      while (!this.#disposed && (await this.#store.call.keyedState.sweep({ now: this.#clock.now() })));
    } catch (error) {
      this.#logger.warn("expired plugin state was not swept", { error });
    }
  }
}
