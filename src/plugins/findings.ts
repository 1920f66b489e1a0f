import type { Logger } from "../kernel/logger.ts";
import type { DiagnosticCode } from "./diagnostic-codes.ts";
import { diagnosticText } from "./diagnostic-text.ts";
import type { PluginDiagnostic } from "./types.ts";

/** What came up about plugins while they were running; the newest of each code per plugin. */
export class Findings {
  readonly #byPlugin = new Map<string, readonly PluginDiagnostic[]>();
  /** How often each was reported since it was cleared. */
  readonly #counts = new Map<string, number>();
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  of(pluginId: string): readonly PluginDiagnostic[] {
    return this.#byPlugin.get(pluginId) ?? [];
  }

  /** The log hears of the first, second, fourth, eighth… time: a plugin in a loop must not fill it. */
  report(pluginId: string, code: DiagnosticCode, said: string): void {
    const message = diagnosticText(said);
    this.#forget(pluginId, code);
    this.#byPlugin.set(pluginId, [...this.of(pluginId), { level: "warn", code, message, pluginId }]);
    const key = `${pluginId}\0${code}`;
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    if ((count & (count - 1)) !== 0) return;
    const times = count > 1 ? ` (${count} times so far)` : "";
    this.#logger.warn(`plugin "${pluginId}": ${message}${times}`, { pluginId, code });
  }

  clear(pluginId: string, code: DiagnosticCode): void {
    this.#counts.delete(`${pluginId}\0${code}`);
    this.#forget(pluginId, code);
  }

  /** Forgets these findings, unless they were made again since. */
  forget(pluginId: string, outdated: readonly PluginDiagnostic[]): void {
    for (const diagnostic of outdated) {
      if (this.of(pluginId).includes(diagnostic)) this.clear(pluginId, diagnostic.code);
    }
  }

  #forget(pluginId: string, code: DiagnosticCode): void {
    const rest = this.of(pluginId).filter((diagnostic) => diagnostic.code !== code);
    if (rest.length > 0) this.#byPlugin.set(pluginId, rest);
    else this.#byPlugin.delete(pluginId);
  }
}
