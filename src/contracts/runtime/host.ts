import type { AuthProfileStore } from "../auth-profiles.ts";
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

/** A provider's key, where it comes from, and what it is. */
export interface ProviderAuthResult {
  /** Absent where the provider needs none: a local server, or one that makes up its own. */
  apiKey?: string;
  /** The sign-in it comes from. */
  profileId?: string;
  /** `config`, `env`, `profile:<id>`, `none`, or what the provider calls it. */
  source: string;
  mode: "api-key" | "oauth" | "token" | "aws-sdk" | "none";
}

/** `api.runtime.modelAuth` (spec 4.13). Members of `params` that are not named here are ignored. */
export interface PluginRuntimeModelAuth {
  /** `cfg`: a key in it goes first. @throws SluiceError `MODEL_AUTH_MISSING` when there is no key, but a need */
  resolveApiKeyForProvider(params: {
    provider: string;
    cfg?: PluginConfigSnapshot;
    workspaceDir?: string;
  }): Promise<ProviderAuthResult>;
  /** The same for a model, at its own address. @throws SluiceError `MODEL_AUTH_MISSING` */
  getApiKeyForModel(params: {
    model: { provider: string; id: string; baseUrl?: string };
    cfg?: PluginConfigSnapshot;
    workspaceDir?: string;
  }): Promise<ProviderAuthResult>;
  /** The key as the provider wants it sent, and where to. @throws SluiceError `MODEL_AUTH_MISSING` */
  getRuntimeAuthForModel(params: {
    model: { provider: string; id: string };
    cfg?: PluginConfigSnapshot;
    workspaceDir?: string;
  }): Promise<{
    apiKey?: string;
    baseUrl?: string;
    request?: Readonly<Record<string, unknown>>;
    expiresAt?: number;
    source: string;
    mode: string;
  }>;
  /** The provider whose keys and sign-ins another one uses, by the manifests of enabled plugins. */
  resolveProviderIdForAuth(provider: string, options?: { config?: PluginConfigSnapshot }): string;
  /** The sign-ins of an agent's folder over the default agent's; a private copy. */
  ensureAuthProfileStore(agentDir?: string, options?: object): AuthProfileStore;
  /** Ids of sign-ins in the order they are tried (spec 2.6). */
  resolveAuthProfileOrder(params: {
    cfg?: PluginConfigSnapshot;
    store: AuthProfileStore;
    provider: string;
  }): string[];
  listProfilesForProvider(store: AuthProfileStore, provider: string): string[];
  isProviderApiKeyConfigured(params: { provider: string; cfg?: PluginConfigSnapshot }): boolean;
}

/** `api.runtime.modelConfig` (spec 4.13). */
export interface PluginRuntimeModelConfig {
  resolveDefaultModelForAgent(params?: { cfg?: PluginConfigSnapshot; agentId?: string }): {
    provider: string;
    model: string;
  };
  resolveAllowedModelRef(params: {
    cfg?: PluginConfigSnapshot;
    raw: string;
    defaultProvider?: string;
    defaultModel?: string;
    agentId?: string;
    catalog?: readonly object[];
  }): { ref: { provider: string; model: string }; key: string } | { error: string };
  resolveModelRuntimePolicy(params: {
    config?: PluginConfigSnapshot;
    provider?: string;
    modelId?: string;
    agentId?: string;
    sessionKey?: string;
  }): { policy?: Readonly<Record<string, unknown>>; source?: "model" | "provider" };
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
