import { AsyncLocalStorage } from "node:async_hooks";
import type { PluginInstance } from "./instance.ts";

const KEY = Symbol.for("sluice.plugin-scope");

/**
 * Says which plugin instance the running code belongs to. The host's bundle and the SDK files that plugins
 * import are separate copies of this module; the process-wide symbol lets both see the same storage. It
 * holds no state of its own: two gateways in one process never see each other's instances.
 */
export function pluginScope(): AsyncLocalStorage<PluginInstance> {
  const slots = globalThis as { [KEY]?: AsyncLocalStorage<PluginInstance> };
  slots[KEY] ??= new AsyncLocalStorage();
  return slots[KEY];
}
