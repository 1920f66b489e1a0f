import type { PluginConfigSnapshot } from "./config.ts";

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
  /** The models that stand in for it, instead of the configured ones; none with an empty list. */
  modelFallbacksOverride?: string[];
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
