import type { AssistantMessage, Message } from "./messages.ts";

/** Typed hooks of `api.on` (spec 4): event, context and result by hook name. */

// biome-ignore lint/suspicious/noConfusingVoidType: handlers that return nothing are typed `void` by their authors.
export type Nothing = undefined | void;

export type TurnTrigger = "user" | "heartbeat" | "cron" | "manual" | "memory" | "overflow";

/** Context of hooks that run inside an agent turn. */
export interface AgentHookContext {
  runId?: string;
  jobId?: string;
  agentId?: string;
  sessionKey?: string;
  sessionId?: string;
  workspaceDir?: string;
  modelProviderId?: string;
  modelId?: string;
  messageProvider?: string;
  channel?: string;
  channelId?: string;
  accountId?: string;
  chatId?: string;
  senderId?: string;
  trigger?: TurnTrigger;
  inputProvenance?: {
    kind: "external_user" | "inter_session" | "internal_system";
    originSessionId?: string;
    sourceSessionKey?: string;
    sourceChannel?: string;
    sourceTool?: string;
  };
  contextTokenBudget?: number;
  toolAuthority?: { fingerprint: string; allows(tool: string): boolean; assertActive(): void };
  [extra: string]: unknown;
}

export interface MessageHookContext {
  channelId: string;
  accountId?: string;
  conversationId?: string;
  sessionKey?: string;
  runId?: string;
  messageId?: string;
  senderId?: string;
  [extra: string]: unknown;
}

export interface ToolHookContext {
  toolName: string;
  agentId?: string;
  sessionKey?: string;
  sessionId?: string;
  runId?: string;
  toolCallId?: string;
  abortSignal?: AbortSignal;
  channelId?: string;
  getSessionExtension?(namespace: string): unknown;
  requester?: { channel?: string; accountId?: string; senderId?: string; senderIsOwner?: boolean };
  [extra: string]: unknown;
}

export interface GatewayHookContext {
  port?: number;
  config?: Readonly<Record<string, unknown>>;
  workspaceDir?: string;
  getCron?(): unknown;
  abortSignal?: AbortSignal;
}

export interface SessionHookContext {
  sessionId: string;
  sessionKey?: string;
  agentId?: string;
}

export type ApprovalDecision = "allow-once" | "allow-always" | "deny";

/** What `before_tool_call` may ask of the operator (spec 4.8). */
export interface ToolApprovalRequest {
  /** At most 80 characters. */
  title: string;
  /** At most 512 characters. */
  description: string;
  severity?: "info" | "warning" | "critical";
  /** Default 120,000; at most 600,000. */
  timeoutMs?: number;
  timeoutReason?: string;
  allowedDecisions?: ApprovalDecision[];
  scope?: Record<string, unknown>;
  /** Stamped by the host. */
  pluginId?: string;
  onResolution?(decision: ApprovalDecision | "timeout" | "cancelled"): void | Promise<void>;
}

export interface BeforeToolCallResult {
  params?: Record<string, unknown>;
  block?: boolean;
  blockReason?: string;
  requireApproval?: ToolApprovalRequest;
}

export interface PromptContribution {
  prependContext?: string;
  appendContext?: string;
}

export interface PromptBuildResult extends PromptContribution {
  systemPrompt?: string;
  prependSystemContext?: string;
  appendSystemContext?: string;
  /** Tools the turn may use; intersected over all handlers, `[]` means none. */
  toolsAllow?: string[];
}

export interface ModelChoice {
  providerOverride?: string;
  modelOverride?: string;
}

export interface ReplyPayload {
  text?: string;
  mediaUrl?: string;
  mediaUrls?: string[];
  replyToId?: string;
  isError?: boolean;
  [extra: string]: unknown;
}

interface HookShape<Event extends object, Context extends object, Result = void> {
  event: Event;
  context: Context;
  result: Result;
}

/** Hook name → event, context, result. The table in `src/plugins/hooks/table.ts` has one row per key. */
export interface HookMap {
  before_model_resolve: HookShape<{ prompt: string; attachments?: object[] }, AgentHookContext, ModelChoice>;
  agent_turn_prepare: HookShape<
    { prompt: string; messages: Message[]; queuedInjections: object[] },
    AgentHookContext,
    PromptContribution
  >;
  before_prompt_build: HookShape<
    { prompt: string; messages: Message[]; currentUserMessage?: unknown; currentUserMessageId?: string },
    AgentHookContext,
    PromptBuildResult
  >;
  heartbeat_prompt_contribution: HookShape<
    { sessionKey?: string; agentId?: string; heartbeatName?: string },
    AgentHookContext,
    PromptContribution
  >;
  before_agent_start: HookShape<
    { prompt: string; messages?: Message[] },
    AgentHookContext,
    ModelChoice & PromptBuildResult
  >;
  before_agent_run: HookShape<
    {
      prompt: string;
      messages: Message[];
      systemPrompt?: string;
      accountId?: string;
      channelId?: string;
      senderId?: string;
      senderIsOwner?: boolean;
    },
    AgentHookContext,
    | { outcome: "pass" }
    | { outcome: "block"; reason: string; message?: string; category?: string; metadata?: object }
  >;
  before_agent_reply: HookShape<
    { cleanedBody: string },
    AgentHookContext,
    { handled: boolean; reply?: ReplyPayload; reason?: string }
  >;
  before_agent_finalize: HookShape<
    {
      sessionId: string;
      stopHookActive: boolean;
      runId?: string;
      sessionKey?: string;
      provider?: string;
      model?: string;
      lastAssistantMessage?: AssistantMessage | string;
      messages?: Message[];
    },
    AgentHookContext,
    {
      action?: "continue" | "revise" | "finalize";
      reason?: string;
      retry?: { instruction: string; idempotencyKey?: string; maxAttempts?: number };
    }
  >;
  agent_end: HookShape<
    { messages: Message[]; success: boolean; runId?: string; error?: string; durationMs?: number },
    AgentHookContext
  >;
  model_call_started: HookShape<
    { runId: string; callId: string; provider: string; model: string; [extra: string]: unknown },
    AgentHookContext
  >;
  model_call_ended: HookShape<
    {
      runId: string;
      callId: string;
      provider: string;
      model: string;
      durationMs: number;
      outcome: "completed" | "error";
      errorCategory?: string;
      [extra: string]: unknown;
    },
    AgentHookContext
  >;
  llm_input: HookShape<
    {
      runId: string;
      sessionId: string;
      provider: string;
      model: string;
      prompt: string;
      historyMessages: Message[];
      imagesCount: number;
      systemPrompt?: string;
      tools?: object[];
    },
    AgentHookContext
  >;
  llm_output: HookShape<
    {
      runId: string;
      sessionId: string;
      provider: string;
      model: string;
      assistantTexts: string[];
      prompt?: string;
      lastAssistant?: AssistantMessage;
      usage?: { input?: number; output?: number; cacheRead?: number; cacheWrite?: number; total?: number };
      [extra: string]: unknown;
    },
    AgentHookContext
  >;
  before_tool_call: HookShape<
    {
      toolName: string;
      params: Record<string, unknown>;
      runId?: string;
      toolCallId?: string;
      [extra: string]: unknown;
    },
    ToolHookContext,
    BeforeToolCallResult
  >;
  after_tool_call: HookShape<
    {
      toolName: string;
      params: Record<string, unknown>;
      runId?: string;
      toolCallId?: string;
      result?: unknown;
      error?: string;
      durationMs?: number;
    },
    ToolHookContext
  >;
  resolve_exec_env: HookShape<
    { toolName: "exec"; host: "gateway" | "sandbox" | "node"; sessionKey?: string },
    AgentHookContext,
    Record<string, string>
  >;
  tool_result_persist: HookShape<
    { message: Message; toolName?: string; toolCallId?: string; isSynthetic?: boolean },
    { agentId?: string; sessionKey?: string; toolName?: string; toolCallId?: string },
    { message?: Message }
  >;
  before_message_write: HookShape<
    { message: Message; sessionKey?: string; agentId?: string },
    { agentId?: string; sessionKey?: string },
    { message?: Message; block?: boolean }
  >;
  inbound_claim: HookShape<
    { content: string; channel: string; isGroup: boolean; [extra: string]: unknown },
    MessageHookContext & { agentId?: string; pluginBinding?: unknown },
    { handled: boolean; reply?: ReplyPayload }
  >;
  channel_pairing_requested: HookShape<
    { channel: string; senderId: string; code: string; accountId?: string; metadata?: object },
    MessageHookContext
  >;
  message_received: HookShape<
    {
      from: string;
      content: string;
      timestamp?: number;
      threadId?: string | number;
      messageId?: string;
      senderId?: string;
      sessionKey?: string;
      runId?: string;
      metadata?: Record<string, unknown>;
      [extra: string]: unknown;
    },
    MessageHookContext
  >;
  before_dispatch: HookShape<
    {
      content: string;
      messageId?: string;
      body?: string;
      channel?: string;
      sessionKey?: string;
      senderId?: string;
      isGroup?: boolean;
      timestamp?: number;
      [extra: string]: unknown;
    },
    MessageHookContext,
    { handled: boolean; text?: string }
  >;
  reply_dispatch: HookShape<
    { ctx: object; sendPolicy: "allow" | "deny"; [extra: string]: unknown },
    { dispatchKind?: "agent" | "acp"; [extra: string]: unknown },
    { handled: boolean; queuedFinal: boolean; counts: { tool: number; block: number; final: number } }
  >;
  message_sending: HookShape<
    {
      to: string;
      content: string;
      replyToId?: string;
      threadId?: string | number;
      metadata?: Record<string, unknown>;
    },
    MessageHookContext,
    { content?: string; cancel?: boolean; cancelReason?: string; metadata?: Record<string, unknown> }
  >;
  reply_payload_sending: HookShape<
    { payload: ReplyPayload; kind: string; channel?: string; sessionKey?: string; runId?: string },
    MessageHookContext,
    { payload?: ReplyPayload; cancel?: boolean; reason?: string }
  >;
  message_sent: HookShape<
    {
      to: string;
      content: string;
      success: boolean;
      messageId?: string;
      sessionKey?: string;
      runId?: string;
      error?: string;
      [extra: string]: unknown;
    },
    MessageHookContext
  >;
  session_start: HookShape<
    { sessionId: string; sessionKey?: string; resumedFrom?: string },
    SessionHookContext
  >;
  session_end: HookShape<
    {
      sessionId: string;
      messageCount: number;
      sessionKey?: string;
      durationMs?: number;
      reason?:
        | "new"
        | "reset"
        | "idle"
        | "daily"
        | "compaction"
        | "deleted"
        | "shutdown"
        | "restart"
        | "unknown";
      nextSessionId?: string;
      nextSessionKey?: string;
    },
    SessionHookContext
  >;
  before_reset: HookShape<{ messages?: Message[]; reason?: string; sessionFile?: string }, AgentHookContext>;
  before_compaction: HookShape<
    { messageCount: number; compactingCount?: number; tokenCount?: number; messages?: Message[] },
    AgentHookContext
  >;
  after_compaction: HookShape<
    { messageCount: number; compactedCount: number; tokenCount?: number; previousSessionId?: string },
    AgentHookContext
  >;
  subagent_delivery_target: HookShape<
    { childSessionKey: string; requesterSessionKey: string; [extra: string]: unknown },
    { runId?: string; childSessionKey?: string; requesterSessionKey?: string },
    { origin?: object }
  >;
  subagent_spawned: HookShape<
    { childSessionKey: string; agentId: string; runId: string; [extra: string]: unknown },
    { runId?: string; childSessionKey?: string; requesterSessionKey?: string }
  >;
  subagent_progress: HookShape<
    { phase: "started" | "ended"; runId: string; childSessionKey: string; [extra: string]: unknown },
    { runId?: string; childSessionKey?: string; requesterSessionKey?: string }
  >;
  subagent_ended: HookShape<
    { targetSessionKey: string; targetKind: "subagent" | "acp"; reason: string; [extra: string]: unknown },
    { runId?: string; childSessionKey?: string; requesterSessionKey?: string }
  >;
  gateway_start: HookShape<{ port: number }, GatewayHookContext>;
  gateway_stop: HookShape<{ reason?: string }, GatewayHookContext>;
  cron_reconciled: HookShape<{ reason: "startup" | "reload"; enabled: boolean }, GatewayHookContext>;
  cron_changed: HookShape<
    {
      action: "added" | "updated" | "removed" | "started" | "finished" | "scheduled";
      jobId: string;
      job?: {
        id: string;
        state?: { nextRunAtMs?: number; [extra: string]: unknown };
        [extra: string]: unknown;
      };
      [extra: string]: unknown;
    },
    GatewayHookContext
  >;
  before_install: HookShape<
    {
      targetType: "skill" | "plugin";
      targetName: string;
      sourcePath: string;
      sourcePathKind: "file" | "directory";
      request: { kind: string; mode: "install" | "update"; requestedSpecifier?: string };
      [extra: string]: unknown;
    },
    { targetType: string; requestKind: string; origin?: string },
    { findings?: object[]; block?: boolean; blockReason?: string }
  >;
  skill_proposal_evaluate: HookShape<object, { workspaceDir?: string; agentId?: string }, object>;
  skill_proposal_changed: HookShape<object, { workspaceDir?: string; agentId?: string }>;
  skill_changed: HookShape<object, { workspaceDir?: string; agentId?: string }>;
}

export type HookName = keyof HookMap;
export type HookEvent<Name extends HookName> = HookMap[Name]["event"];
export type HookContext<Name extends HookName> = HookMap[Name]["context"];
export type HookResult<Name extends HookName> = HookMap[Name]["result"];

/** A handler may return a result, nothing, or a promise of either. */
export type HookHandler<Name extends HookName> = (
  event: HookEvent<Name>,
  context: HookContext<Name>,
) => HookResult<Name> | Nothing | Promise<HookResult<Name> | Nothing>;

/** Options of `api.on` (spec 4.1). */
export interface HookOptions {
  /** Higher runs first; default 0. Ties run in registration order. */
  priority?: number;
  registrationId?: string;
  /** How long the host waits; not a cancellation. */
  timeoutMs?: number;
  /** Canonical tool ids; only for `before_tool_call` and `after_tool_call`. */
  matcher?: string[];
  eligibleTriggers?: ("cron" | "heartbeat" | "user")[];
  eligibleDispatchKinds?: ("agent" | "acp")[];
  requiresToolAuthority?: true;
}
