import type { PluginConfigSnapshot } from "./config.ts";

export interface PluginRuntimeLogger {
  debug(message: string, meta?: object): void;
  info(message: string, meta?: object): void;
  warn(message: string, meta?: object): void;
  error(message: string, meta?: object): void;
}

/** `api.runtime.logging` (spec 4.13). */
export interface PluginRuntimeLogging {
  shouldLogVerbose(): boolean;
  getChildLogger(bindings?: object, options?: { level?: string }): PluginRuntimeLogger;
}

/** `api.runtime.modelAuth` (spec 4.13). */
export interface PluginRuntimeModelAuth {
  resolveApiKeyForProvider(params: {
    provider: string;
    cfg?: PluginConfigSnapshot;
  }): Promise<{ apiKey?: string; source: string; mode: string }>;
  getApiKeyForModel(params: {
    model: { provider: string; id: string };
    cfg?: PluginConfigSnapshot;
  }): Promise<{ apiKey?: string; source: string; mode: string }>;
}

export interface CommandResult {
  pid?: number;
  stdout: string;
  stderr: string;
  /** 124 when the time-out killed a process that reported none. */
  code: number | null;
  signal: string | null;
  killed: boolean;
  termination: "exit" | "timeout" | "no-output-timeout" | "signal";
  noOutputTimedOut?: boolean;
  stdoutTruncatedBytes?: number;
  stderrTruncatedBytes?: number;
}

/** `api.runtime.system` (spec 4.12). */
export interface PluginRuntimeSystem {
  enqueueSystemEvent(
    textOrEvent: string | { text?: string; message?: string; sessionKey?: string },
    options?: { sessionKey?: string; contextKey?: string },
  ): boolean;
  runCommandWithTimeout(...args: unknown[]): Promise<CommandResult>;
  formatNativeDependencyHint(
    packageOrParams: string | { packageName: string; manager?: string; rebuildCommand?: string },
  ): string;
  [member: string]: unknown;
}
