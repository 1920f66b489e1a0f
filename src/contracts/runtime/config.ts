/** Configuration as plugins see it: frozen, any section. */
export type PluginConfigSnapshot = Readonly<Record<string, unknown>>;

export type PluginAfterWrite =
  | { mode: "auto" }
  | { mode: "restart"; reason: string }
  | { mode: "none"; reason: string };

export interface PluginConfigWriteResult {
  path: string;
  hash: string;
  afterWrite: PluginAfterWrite;
  followUp: { mode: "auto" | "restart" | "none"; requiresRestart: boolean; reason?: string };
  [key: string]: unknown;
}

/** `api.runtime.config` (spec 4.1). */
export interface PluginRuntimeConfig {
  current(): PluginConfigSnapshot;
  mutateConfigFile(params: {
    afterWrite: PluginAfterWrite;
    mutate(draft: Record<string, unknown>): void;
    baseHash?: string;
  }): Promise<PluginConfigWriteResult>;
  replaceConfigFile(params: {
    afterWrite: PluginAfterWrite;
    nextConfig?: Record<string, unknown>;
    sourceConfig?: Record<string, unknown>;
    baseHash?: string;
  }): Promise<PluginConfigWriteResult>;
  [member: string]: unknown;
}
