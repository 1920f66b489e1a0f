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
