import type { KeyedStore, KeyedStoreOptions, SyncKeyedStore } from "../contracts/runtime.ts";
import { requireServices } from "./ambient/host.ts";

/** `api.runtime.state.openKeyedStore` of a plugin, for its parts that are not handed an `api`. */
export function createPluginStateKeyedStore<T>(pluginId: string, options: KeyedStoreOptions): KeyedStore<T> {
  return requireServices("createPluginStateKeyedStore").keyedStore<T>(pluginId, options);
}

export function createPluginStateSyncKeyedStore<T>(
  pluginId: string,
  options: KeyedStoreOptions,
): SyncKeyedStore<T> {
  return requireServices("createPluginStateSyncKeyedStore").syncKeyedStore<T>(pluginId, options);
}
