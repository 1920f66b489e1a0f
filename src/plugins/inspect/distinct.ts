import type { PluginDiagnostic } from "../types.ts";

/** The diagnostics without repetitions; the same finding can be reached in two ways. */
export function distinct(diagnostics: readonly PluginDiagnostic[]): readonly PluginDiagnostic[] {
  const seen = new Set<string>();
  return diagnostics.filter(({ code, message }) => {
    const key = `${code}\0${message}`;
    return !seen.has(key) && seen.add(key);
  });
}
