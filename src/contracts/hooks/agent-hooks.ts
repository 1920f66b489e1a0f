import type { AssistantMessage, Message } from "../messages.ts";
import type { HookShape } from "./hook-shape.ts";
import type { ReplyPayload } from "./message-hooks.ts";

/** What began a turn. */
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
  contextWindowSource?: "model" | "modelsConfig" | "agentContextTokens" | "default";
  channelContext?: { sender: { id?: string }; chat: { id: string } };
  /** Throws once the turn is over. */
  hookInvocation?: { assertActive(): void };
  toolAuthority?: { fingerprint: string; allows(tool: string): boolean; assertActive(): void };
  [extra: string]: unknown;
}

/** Text around the prompt of one turn. */
export interface PromptContribution {
  prependContext?: string;
  appendContext?: string;
}

/** What a handler makes of the prompt; texts of several handlers are joined. */
export interface PromptBuildResult extends PromptContribution {
  systemPrompt?: string;
  prependSystemContext?: string;
  appendSystemContext?: string;
  /** Tools the turn may use; intersected over all handlers, `[]` means none. */
  toolsAllow?: string[];
}

/** Another model for the turn; the first handler to name one decides. */
export interface ModelChoice {
  providerOverride?: string;
  modelOverride?: string;
}

/** Hooks inside an agent turn, from the choice of its model to its end, and of the agents it asks (spec 4.6, 4.7, 4.11). */
export interface AgentHooks {
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
      turnId?: string;
      provider?: string;
      model?: string;
      /** The agent's workspace. */
      cwd?: string;
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
}
