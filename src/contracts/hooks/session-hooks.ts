import type { Message } from "../messages.ts";
import type { AgentHookContext } from "./agent-hooks.ts";
import type { HookShape } from "./hook-shape.ts";

/** The session that begins, ends or is shortened. */
export interface SessionHookContext {
  sessionId: string;
  sessionKey?: string;
  agentId?: string;
}

/** Hooks of conversations that begin, end and are shortened (spec 4.11). */
export interface SessionHooks {
  session_start: HookShape<
    { sessionId: string; sessionKey?: string; resumedFrom?: string },
    SessionHookContext
  >;
  session_end: HookShape<
    {
      sessionId: string;
      messageCount: number;
      sessionKey?: string;
      /** Since the last fresh start, in milliseconds. */
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
}
