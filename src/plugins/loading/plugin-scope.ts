import { AsyncLocalStorage } from "node:async_hooks";
import type { PluginInstance } from "./instance.ts";

const KEY = Symbol.for("sluice.plugin-scope");

/** Says which plugin instance the running code belongs to. */
export class PluginScope {
  readonly #followed = new AsyncLocalStorage<PluginInstance>();
  #now: PluginInstance | undefined;

  getStore(): PluginInstance | undefined {
    return this.#now ?? this.#followed.getStore();
  }

  /** Runs `work`; it and whatever it starts belong to the instance. */
  run<T>(instance: PluginInstance, work: () => T): T {
    return this.#within(undefined, () => this.#followed.run(instance, work));
  }

  /**
   * Runs `work`, which belongs to the instance until it returns; what goes on after that does not. Before Node 24
   * the first `run` makes every promise of the process dearer from then on; this costs nothing.
   */
  runNow<T>(instance: PluginInstance, work: () => T): T {
    return this.#within(instance, work);
  }

  #within<T>(now: PluginInstance | undefined, work: () => T): T {
    const outer = this.#now;
    this.#now = now;
    try {
      return work();
    } finally {
      this.#now = outer;
    }
  }
}

/**
 * The scope of this process. The host's bundle and the SDK files that plugins import are separate copies of
 * this module; the process-wide symbol lets both see the same one. It keeps nothing between two calls: two
 * gateways in one process never see each other's instances.
 */
export function pluginScope(): PluginScope {
  const slots = globalThis as { [KEY]?: PluginScope };
  slots[KEY] ??= new PluginScope();
  return slots[KEY];
}
