import type { Logger } from "../kernel/logger.ts";
import type { PluginDiagnostic } from "./types.ts";

/** What came up about plugins while they were running; the newest of each code per plugin. */
export class Findings {
  readonly #byPlugin = new Map<string, readonly PluginDiagnostic[]>();
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  of(pluginId: string): readonly PluginDiagnostic[] {
    return this.#byPlugin.get(pluginId) ?? [];
  }

  report(pluginId: string, code: string, message: string): void {
    this.clear(pluginId, code);
    this.#byPlugin.set(pluginId, [...this.of(pluginId), { level: "warn", code, message, pluginId }]);
    this.#logger.warn(`plugin "${pluginId}": ${message}`, { pluginId, code });
  }

  clear(pluginId: string, code: string): void {
    const rest = this.of(pluginId).filter((diagnostic) => diagnostic.code !== code);
    if (rest.length > 0) this.#byPlugin.set(pluginId, rest);
    else this.#byPlugin.delete(pluginId);
  }
}
