import type { PluginRuntime } from "../contracts/runtime.ts";

export type { PluginRuntime } from "../contracts/runtime.ts";

export interface PluginRuntimeStore<Runtime = PluginRuntime> {
  setRuntime(runtime: Runtime): void;
  /** @throws when no runtime was set */
  getRuntime(): Runtime;
  tryGetRuntime(): Runtime | null;
  clearRuntime(): void;
}

interface Slot {
  runtime: unknown;
}

/**
 * A place for a plugin's modules to find `api.runtime` after `register()` (spec 4.16, 6.7). With a plugin id
 * or a key, every copy of the plugin's module in the process shares it: the setup entry and the full one,
 * ES module and CommonJS. With a message alone it belongs to the call.
 *
 * @example
 * export const { setRuntime, getRuntime } = createPluginRuntimeStore({ pluginId: "acme-chat" });
 */
export function createPluginRuntimeStore<Runtime = PluginRuntime>(
  options: string | { pluginId?: string; key?: string; errorMessage?: string },
): PluginRuntimeStore<Runtime> {
  const { pluginId, key, errorMessage } =
    typeof options === "string"
      ? { errorMessage: options }
      : (options as {
          pluginId?: string;
          key?: string;
          errorMessage?: string;
        });
  const name = key ?? pluginId;
  const message = errorMessage ?? `the runtime of plugin "${name ?? "?"}" is not set yet`;
  const slot = name === undefined ? { runtime: null } : sharedSlot(name);
  return {
    setRuntime(runtime) {
      slot.runtime = runtime;
    },
    getRuntime() {
      if (slot.runtime === null) throw new Error(message);
      return slot.runtime as Runtime;
    },
    tryGetRuntime: () => slot.runtime as Runtime | null,
    clearRuntime() {
      slot.runtime = null;
    },
  };
}

function sharedSlot(name: string): Slot {
  const slots = globalThis as unknown as Record<symbol, Slot | undefined>;
  const symbol = Symbol.for(`sluice.plugin-sdk.runtime-store:${name}`);
  slots[symbol] ??= { runtime: null };
  return slots[symbol];
}
