import type { PluginRuntimeTasks } from "./task-flows.ts";
import type { AgentTool } from "./tool.ts";

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

export interface KeyedStoreOptions {
  namespace: string;
  maxEntries: number;
  defaultTtlMs?: number;
  overflowPolicy?: "evict-oldest" | "reject-new";
}

export interface KeyedStoreEntry<T> {
  key: string;
  value: T;
  createdAt: number;
  expiresAt?: number;
}

/** A row as its reader saw it; `comparison` goes back to the store as it is. */
export interface ObservedEntry<T> {
  value: T | undefined;
  comparison: unknown;
}

/** What a reader of a row wants to become of it. */
export type KeyedStoreIntent<T> =
  | { operation: "update"; action: "set"; value: T; ttlMs?: number }
  | { operation: "delete"; action: "delete" }
  | { operation: "update" | "delete"; action: "keep" };

/** `conflict`: the row changed since it was observed, nothing was done; `unchanged`: nothing was to do. */
export type ComparedResult<T> =
  | { status: "applied" }
  | { status: "unchanged" }
  | { status: "conflict"; current: ObservedEntry<T> };

/** A plugin's own durable map (spec 4.14). */
export interface KeyedStore<T> {
  register(key: string, value: T, options?: { ttlMs?: number }): Promise<void>;
  registerIfAbsent(key: string, value: T, options?: { ttlMs?: number }): Promise<boolean>;
  lookup(key: string): Promise<T | undefined>;
  lookupMany(keys: readonly string[]): Promise<(T | undefined)[]>;
  consume(key: string): Promise<T | undefined>;
  delete(key: string): Promise<boolean>;
  entries(): Promise<KeyedStoreEntry<T>[]>;
  clear(): Promise<void>;
  count(): Promise<number>;
  /** `change` must be synchronous; `undefined` leaves the row as it is. Keeps `createdAt` of a live row. */
  update(
    key: string,
    change: (current: T | undefined) => T | undefined,
    options?: { ttlMs?: number },
  ): Promise<boolean>;
  deleteIf(key: string, predicate: (current: T) => boolean): Promise<boolean>;
  deleteIfEqual(key: string, value: string | number | boolean | null): Promise<boolean>;
  observe(key: string): Promise<ObservedEntry<T>>;
  /** Carries `intent` out if the row is still as {@link KeyedStore.observe} saw it. */
  compareAndApply(key: string, comparison: unknown, intent: KeyedStoreIntent<T>): Promise<ComparedResult<T>>;
  [member: string]: unknown;
}

/** The same map for callers that can not wait; every call blocks for a round trip to the store. */
export interface SyncKeyedStore<T> {
  register(key: string, value: T, options?: { ttlMs?: number }): void;
  registerIfAbsent(key: string, value: T, options?: { ttlMs?: number }): boolean;
  lookup(key: string): T | undefined;
  lookupMany(keys: readonly string[]): (T | undefined)[];
  consume(key: string): T | undefined;
  delete(key: string): boolean;
  entries(): KeyedStoreEntry<T>[];
  clear(): void;
  count(): number;
  update(
    key: string,
    change: (current: T | undefined) => T | undefined,
    options?: { ttlMs?: number },
  ): boolean;
  deleteIf(key: string, predicate: (current: T) => boolean): boolean;
  deleteIfEqual(key: string, value: string | number | boolean | null): boolean;
  [member: string]: unknown;
}

/** `api.runtime.state` (spec 4.14). */
export interface PluginRuntimeState {
  resolveStateDir(env?: Readonly<Record<string, string | undefined>>): string;
  openKeyedStore<T>(options: KeyedStoreOptions): KeyedStore<T>;
  openSyncKeyedStore<T>(options: KeyedStoreOptions): SyncKeyedStore<T>;
  [member: string]: unknown;
}

/** A session as stored and as plugins see it (spec 3.8). Unknown keys survive a round trip. */
export interface SessionEntry {
  sessionId: string;
  updatedAt: number;
  lifecycleRevision?: string;
  createdAt?: number;
  lastInteractionAt?: number;
  label?: string;
  displayName?: string;
  channel?: string;
  chatType?: string;
  lastChannel?: string;
  lastTo?: string;
  lastAccountId?: string;
  lastThreadId?: string;
  thinkingLevel?: string;
  providerOverride?: string;
  modelOverride?: string;
  sendPolicy?: "allow" | "deny";
  inputTokens?: number;
  outputTokens?: number;
  totalTokens?: number;
  contextTokens?: number;
  abortedLastRun?: boolean;
  [key: string]: unknown;
}

/** What `runEmbeddedAgent` takes (spec 3.1). Unknown keys are ignored. */
export interface EmbeddedAgentParams {
  sessionId: string;
  runId: string;
  workspaceDir: string;
  prompt: string;
  /** Milliseconds; 0 = no limit. */
  timeoutMs: number;
  sessionKey?: string;
  agentId?: string;
  transcriptPrompt?: string;
  images?: { type: "image"; data: string; mimeType: string }[];
  extraSystemPrompt?: string;
  provider?: string;
  model?: string;
  thinkLevel?: string;
  disableTools?: boolean;
  toolsAllow?: string[];
  abortSignal?: AbortSignal;
  onPartialReply?(partial: { text: string; delta?: string }): void;
  onAgentEvent?(event: { stream: string; data: Record<string, unknown> }): void;
  [key: string]: unknown;
}

export interface EmbeddedAgentResult {
  payloads?: { text?: string; isError?: boolean }[];
  meta: {
    durationMs: number;
    aborted?: boolean;
    stopReason?: string;
    error?: { kind: string; message: string };
    agentMeta?: {
      sessionId: string;
      provider?: string;
      model?: string;
      usage?: { input: number; output: number; cacheRead: number; cacheWrite: number; total: number };
    };
    [key: string]: unknown;
  };
}

/** `api.runtime.agent` (spec 4.2). */
export interface PluginRuntimeAgent {
  readonly defaults: { readonly model: string; readonly provider: string };
  resolveAgentDir(config: PluginConfigSnapshot, agentId?: string): string;
  resolveAgentWorkspaceDir(config: PluginConfigSnapshot, agentId?: string): string;
  resolveAgentIdentity(
    config: PluginConfigSnapshot,
    agentId?: string,
  ): { name?: string; emoji?: string; theme?: string; avatar?: string } | undefined;
  ensureAgentWorkspace(
    configOrParams: PluginConfigSnapshot | { dir?: string; ensureBootstrapFiles?: boolean },
  ): Promise<{ dir: string }>;
  resolveAgentTimeoutMs(
    configOrParams:
      | PluginConfigSnapshot
      | { cfg?: PluginConfigSnapshot; overrideMs?: number; overrideSeconds?: number; minMs?: number },
  ): number;
  normalizeThinkingLevel(raw: string): string | undefined;
  resolveThinkingPolicy(params: { provider: string; model: string }): {
    levels: { id: string; label: string }[];
    defaultLevel?: string;
  };
  resolveThinkingDefault(params: { cfg?: PluginConfigSnapshot; provider: string; model: string }): string;
  runEmbeddedAgent(params: EmbeddedAgentParams): Promise<EmbeddedAgentResult>;
  /** Older name of {@link PluginRuntimeAgent.runEmbeddedAgent}; the same function. */
  runEmbeddedPiAgent(params: EmbeddedAgentParams): Promise<EmbeddedAgentResult>;
  readonly session: {
    resolveStorePath(...args: unknown[]): string;
    /** A copy of the sessions last used. Blocks for a round trip to the store; `listSessionEntries` does not. */
    loadSessionStore(path: string): Promise<Record<string, SessionEntry>> & Record<string, SessionEntry>;
    getSessionEntry(params: { sessionKey: string; agentId?: string }): Promise<SessionEntry | undefined>;
    listSessionEntries(params?: {
      agentId?: string;
      limit?: number;
    }): Promise<{ sessionKey: string; entry: SessionEntry }[]>;
    patchSessionEntry(params: {
      sessionKey: string;
      update(entry: SessionEntry): Partial<SessionEntry> | null;
      fallbackEntry?: SessionEntry;
    }): Promise<SessionEntry | null>;
    updateSessionStoreEntry(params: {
      sessionKey: string;
      update(entry: SessionEntry): Partial<SessionEntry> | null;
    }): Promise<SessionEntry | null>;
    resolveSessionFilePath(...args: unknown[]): string;
    [member: string]: unknown;
  };
  [member: string]: unknown;
}

/** `api.runtime.llm` (spec 4.3). */
export interface PluginRuntimeLlm {
  complete(params: {
    messages: { role: "system" | "user" | "assistant"; content: string }[];
    model?: string;
    maxTokens?: number;
    temperature?: number;
    reasoning?: string;
    systemPrompt?: string;
    signal?: AbortSignal;
    purpose?: string;
    agentId?: string;
  }): Promise<{
    text: string;
    provider: string;
    model: string;
    stopReason?: string;
    agentId: string;
    usage: { inputTokens?: number; outputTokens?: number; totalTokens?: number; costUsd?: number };
    /** Who asked, and for what. */
    audit: { caller: { kind: "plugin"; id: string }; purpose?: string };
  }>;
}

/** `api.runtime.subagent` (spec 4.4). */
export interface PluginRuntimeSubagent {
  run(params: {
    sessionKey: string;
    message: string;
    provider?: string;
    model?: string;
    deliver?: boolean;
    extraSystemPrompt?: string;
    idempotencyKey?: string;
  }): Promise<{ runId: string; sessionKey?: string }>;
  waitForRun(params: { runId: string; timeoutMs?: number }): Promise<{
    status: "ok" | "error" | "timeout" | "pending";
    error?: string;
    startedAt?: number;
    endedAt?: number;
  }>;
  getSessionMessages(params: { sessionKey: string; limit?: number }): Promise<{ messages: unknown[] }>;
  deleteSession(params: { sessionKey: string; deleteTranscript?: boolean }): Promise<void>;
}

export interface PluginAgentEvent {
  runId: string;
  seq: number;
  stream: string;
  ts: number;
  data: Record<string, unknown>;
  sessionKey?: string;
  sessionId?: string;
  agentId?: string;
}

/** One appended transcript entry, as `onSessionTranscriptUpdate` reports it (spec 3.8). */
export interface SessionTranscriptUpdate {
  target: { agentId: string; sessionId: string; sessionKey: string };
  sessionKey: string;
  agentId: string;
  sessionId: string;
  message: unknown;
  messageId: string;
  messageSeq: number;
  runId?: string;
}

/** `api.runtime.events` (spec 4.13). Listeners end with the plugin. */
export interface PluginRuntimeEvents {
  onAgentEvent(listener: (event: PluginAgentEvent) => void): () => void;
  onSessionTranscriptUpdate(listener: (update: SessionTranscriptUpdate) => void): () => void;
}

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

/**
 * `api.runtime`: what the host gives back to a plugin (spec 4, plugin-sdk Appendix A). A member that this
 * version does not have throws an error with its name when it is used; it is never silently undefined.
 */
export interface PluginRuntime {
  readonly version: string;
  readonly config: PluginRuntimeConfig;
  readonly state: PluginRuntimeState;
  readonly agent: PluginRuntimeAgent;
  readonly llm: PluginRuntimeLlm;
  readonly subagent: PluginRuntimeSubagent;
  readonly events: PluginRuntimeEvents;
  readonly logging: PluginRuntimeLogging;
  readonly modelAuth: PluginRuntimeModelAuth;
  readonly system: PluginRuntimeSystem;
  /** Multi-step work that survives restarts, bound to a session (spec 4.6). */
  readonly tasks: PluginRuntimeTasks;
  /** Older name of `tasks.managedFlows`. */
  readonly taskFlow: PluginRuntimeTasks["managedFlows"];
  /** Present when a channel plugin is loaded (spec 1.19). */
  readonly channel: Readonly<Record<string, unknown>>;
  readonly tools: Readonly<Record<string, (...args: never[]) => AgentTool | null | undefined>>;
  /** Speech: `textToSpeech`, `textToSpeechTelephony`, `listVoices` (spec 4.7). */
  readonly tts: RuntimeFunctions;
  /** What a file is: `detectMime`, `mediaKindFromMime`, `isVoiceCompatibleAudio`, `getImageMetadata` (spec 4.11). */
  readonly media: RuntimeFunctions;
  /** `describeImageFile`, `transcribeAudioFile`, `describeVideoFile`, `runFile`, `extractStructuredWithModel` (spec 4.8). */
  readonly mediaUnderstanding: RuntimeFunctions;
  /** `listProviders`, `search` (spec 4.10). */
  readonly webSearch: RuntimeFunctions;
}

// biome-ignore lint/suspicious/noExplicitAny: the parameters are those of the spec section named at the member
type RuntimeFunctions = Readonly<Record<string, (...args: any[]) => any>>;
