import type { PluginRuntime } from "../contracts/runtime.ts";

export type { PluginRuntime } from "../contracts/runtime.ts";

export interface PluginRuntimeStore<Runtime = PluginRuntime> {
  setRuntime(runtime: Runtime): void;
  /** @throws when no runtime was set */
  getRuntime(): Runtime;
  tryGetRuntime(): Runtime | null;
  clearRuntime(): void;
}

/**
 * A place for a plugin's modules to find `api.runtime` after `register()` (spec 6.7). The store belongs to
 * the plugin module that makes it.
 *
 * @example
 * export const { setRuntime, getRuntime } = createPluginRuntimeStore({ pluginId: "acme-chat" });
 */
export function createPluginRuntimeStore<Runtime = PluginRuntime>(
  options: string | { pluginId: string; errorMessage?: string },
): PluginRuntimeStore<Runtime> {
  const errorMessage =
    typeof options === "string"
      ? options
      : (options.errorMessage ?? `the runtime of plugin "${options.pluginId}" is not set yet`);
  let current: Runtime | null = null;
  return {
    setRuntime(runtime) {
      current = runtime;
    },
    getRuntime() {
      if (current === null) throw new Error(errorMessage);
      return current;
    },
    tryGetRuntime: () => current,
    clearRuntime() {
      current = null;
    },
  };
}
