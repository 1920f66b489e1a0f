import type { Message } from "../messages.ts";
import type { AgentHookContext } from "./agent-hooks.ts";
import type { HookShape } from "./hook-shape.ts";

/** The turn in which a tool is called. */
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

/** What an operator may answer. */
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

/** Other arguments, a refusal, or a question to an operator first. */
export interface BeforeToolCallResult {
  params?: Record<string, unknown>;
  block?: boolean;
  blockReason?: string;
  requireApproval?: ToolApprovalRequest;
}

/** Hooks around tool calls and what they leave in the transcript (spec 4.7, 4.8). */
export interface ToolHooks {
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
}
