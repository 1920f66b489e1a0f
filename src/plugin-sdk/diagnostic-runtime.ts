import type { DiagnosticEvent } from "../contracts/sdk-services.ts";
import { pluginScope } from "../plugins/loading/plugin-scope.ts";
import { currentHost } from "./ambient/host.ts";

export { createSubsystemLogger } from "./logging/runtime-env.ts";

/**
 * Tells what the gateway does: `session.state`, `message.processed` and `model.usage` with
 * tokens and cost. The result ends that; the plugin's unloading does too.
 */
export function onDiagnosticEvent(listener: (event: DiagnosticEvent) => void): () => void {
  const stop = currentHost()?.services?.onDiagnosticEvent(listener) ?? (() => {});
  const instance = pluginScope().getStore();
  if (!instance) return stop;
  const handle = instance.scope.use({ dispose: () => stop() }, "diagnostic events");
  return () => void handle.dispose();
}
