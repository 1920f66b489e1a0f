import type { PluginRuntime } from "../contracts/runtime.ts";
import { pluginScope } from "../plugins/loading/plugin-scope.ts";

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
  /** What instances hold that are only looked at: theirs alone, never in the way of the running one. */
  visitors?: WeakMap<object, unknown>;
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
    setRuntime: (runtime) => write(slot, runtime),
    getRuntime() {
      const runtime = read(slot);
      if (runtime === null) throw new Error(message);
      return runtime as Runtime;
    },
    tryGetRuntime: () => read(slot) as Runtime | null,
    clearRuntime: () => write(slot, null),
  };
}

function read(slot: Slot): unknown {
  const visitor = currentVisitor();
  return visitor && slot.visitors?.has(visitor) ? slot.visitors.get(visitor) : slot.runtime;
}

function write(slot: Slot, runtime: unknown): void {
  const visitor = currentVisitor();
  if (!visitor) {
    slot.runtime = runtime;
    return;
  }
  slot.visitors ??= new WeakMap();
  slot.visitors.set(visitor, runtime);
}

function currentVisitor(): object | undefined {
  const instance = pluginScope().getStore();
  return instance?.inspection ? instance : undefined;
}

function sharedSlot(name: string): Slot {
  const slots = globalThis as unknown as Record<symbol, Slot | undefined>;
  const symbol = Symbol.for(`sluice.plugin-sdk.runtime-store:${name}`);
  slots[symbol] ??= { runtime: null };
  return slots[symbol];
}
