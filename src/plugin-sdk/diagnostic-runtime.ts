export { createSubsystemLogger } from "./logging/runtime-env.ts";

/**
 * Diagnostic events of the host, for exporters of older plugins. This host sends none on that way:
 * `api.on("…")` and services see what happens. The result ends the subscription.
 */
export function onDiagnosticEvent(_listener: (event: object) => void): () => void {
  return () => {};
}
