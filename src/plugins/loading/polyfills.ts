import { createRequire, syncBuiltinESMExports } from "node:module";
import { WebSocket } from "ws";

/**
 * Gives plugins of others what Node 22 has and Node 20 lacks. Loaded only before such a plugin's code, and
 * never in the way of what the runtime itself provides.
 */
export function addMissingGlobals(): void {
  const promise = Promise as PromiseConstructor & { withResolvers?: unknown };
  promise.withResolvers ??= function withResolvers(this: PromiseConstructor) {
    let resolve: unknown;
    let reject: unknown;
    const made = new this((onResolve, onReject) => {
      resolve = onResolve;
      reject = onReject;
    });
    return { promise: made, resolve, reject };
  };
  if (!("WebSocket" in globalThis)) {
    Object.defineProperty(globalThis, "WebSocket", {
      value: WebSocket,
      configurable: true,
      writable: true,
      enumerable: false,
    });
  }
  // HTTP clients mark what must not be cloned to other threads; here nothing is.
  const workers = createRequire(import.meta.url)("node:worker_threads") as { markAsUncloneable?: unknown };
  if (!workers.markAsUncloneable) {
    workers.markAsUncloneable = function markAsUncloneable() {};
    syncBuiltinESMExports();
  }
}
