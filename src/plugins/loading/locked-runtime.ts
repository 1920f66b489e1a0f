import type { PluginRuntime } from "../../contracts/runtime.ts";
import { SluiceError } from "../../kernel/errors.ts";

/** The runtime of modes without a live gateway: passing it on works, using it says why not (spec 2.12). */
export function lockedRuntime(mode: string): PluginRuntime {
  const refuse = (path: string): never => {
    throw new SluiceError(
      "RUNTIME_UNAVAILABLE",
      `api.runtime.${path} is not available in registration mode "${mode}"; use it in mode "full"`,
    );
  };
  return new Proxy({} as PluginRuntime, {
    get: (_target, key) => {
      // Inspecting, awaiting or printing the object is no use of it.
      if (typeof key === "symbol" || key === "then" || key === "toJSON") return undefined;
      return refuse(key);
    },
  });
}
