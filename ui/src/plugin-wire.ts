/** What this page reads of `plugins.list` and `plugins.inspect`. */

export interface PluginRow {
  id: string;
  name: string;
  version?: string;
  description?: string;
  status: "loaded" | "disabled" | "error";
  reason?: string;
  origin?: string;
  error?: string;
}

export interface Diagnostic {
  level: "error" | "warn" | "info";
  code: string;
  message: string;
  pluginId?: string;
}

export interface PluginList {
  plugins: readonly PluginRow[];
  diagnostics: readonly Diagnostic[];
  mutationAllowed: boolean;
}

export interface PluginReport {
  plugin: { source?: string; rootDir?: string };
  shape?: string;
  contributions: Readonly<Record<string, readonly string[]>>;
  compatibility: { signal: string };
  missingSdkNames: readonly string[];
  diagnostics: readonly Diagnostic[];
}
