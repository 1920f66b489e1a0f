import type { BeforeToolCallResult, HookContext, HookEvent, Nothing } from "../hooks.ts";
import type { AgentToolResult } from "../tool.ts";

/** What people are shown about one of the plugin's own tools. */
export interface ToolMetadata {
  toolName: string;
  displayName?: string;
  description?: string;
  risk?: "low" | "medium" | "high";
  tags?: string[];
}

/** A gate before every tool call, ahead of all hooks (spec 3.14). */
export interface TrustedToolPolicy {
  id: string;
  description: string;
  matcher?: string[];
  evaluate(
    event: HookEvent<"before_tool_call">,
    context: HookContext<"before_tool_call">,
  ):
    | (BeforeToolCallResult & { allow?: boolean; reason?: string })
    | Nothing
    | Promise<(BeforeToolCallResult & { allow?: boolean; reason?: string }) | Nothing>;
}

/** A finished call of a tool, as result middleware sees it. */
export interface ToolResultEvent {
  toolCallId: string;
  toolName: string;
  args: unknown;
  result: AgentToolResult;
  isError?: boolean;
  threadId?: string;
  turnId?: string;
  cwd?: string;
}

/** Rewrites a tool's result before the model sees it. */
export type AgentToolResultMiddleware = (
  event: ToolResultEvent,
  context: { runtime: string; agentId?: string; sessionId?: string; sessionKey?: string; runId?: string },
) => { result: AgentToolResult } | Nothing | Promise<{ result: AgentToolResult } | Nothing>;

/** One call of a tool, as the middleware around it sees it. */
export interface ToolCallContext {
  toolCallId: string;
  toolName: string;
  params: Record<string, unknown>;
  /** `openclaw` for the gateway's own agent. */
  runtime: string;
  agentId?: string;
  sessionId?: string;
  sessionKey?: string;
  runId?: string;
  signal?: AbortSignal;
  /** Goes on with the call, with these arguments or the ones it has. */
  execute(params?: unknown): Promise<AgentToolResult>;
}

/** Stands around the execution of a tool; what it returns is the result. */
export type AgentToolCallMiddleware = (call: ToolCallContext) => unknown;
