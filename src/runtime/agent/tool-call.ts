import type { ToolHookContext } from "../../contracts/hooks.ts";
import type { ToolCallPart, ToolResultMessage } from "../../contracts/messages.ts";
import type { AgentTool } from "../../contracts/tool.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Logger } from "../../kernel/logger.ts";
import type { HookRunner, RegistryReader } from "../../plugins/types.ts";
import type { ApprovalRecord } from "../../store/procedures/approvals.ts";
import type { ApprovalQuestion } from "../workflow/approval-question.ts";
import type { PluginApprovals } from "../workflow/approvals.ts";
import type { LoopGuard } from "./loop-guard.ts";
import type { ToolSet } from "./tool-set.ts";

/** What a turn asks of the approvals room. */
export type TurnApprovals = Pick<PluginApprovals, "ask" | "goOn" | "use" | "unused" | "cancel">;

export type TurnSource = Pick<
  ApprovalQuestion,
  "turnSourceChannel" | "turnSourceAccountId" | "turnSourceTo" | "turnSourceThreadId"
>;

export interface ToolBatchInput {
  calls: readonly ToolCallPart[];
  tools: ToolSet;
  hooks: HookRunner;
  /** Where tool-result middleware is registered; absent: none. */
  registry?: RegistryReader;
  /** Where plugins' questions go; absent: nobody can be asked. */
  approvals?: TurnApprovals;
  /** Questions that these calls put before the turn was interrupted, by tool call. */
  asked?: ReadonlyMap<string, ApprovalRecord>;
  /** Names this batch within its run, so that a call that starts again finds its question. */
  batchKey?: string;
  /** The chat that the turn answers, shown with a question. */
  turnSource?: TurnSource;
  hookContext: Omit<ToolHookContext, "toolName" | "toolCallId">;
  guard: LoopGuard;
  contextWindow: number;
  signal: AbortSignal;
  clock: Clock;
  logger: Logger;
  emit(data: Record<string, unknown>): void;
  /** Writes one finished result, so that a crash does not lose it. */
  record(message: ToolResultMessage): Promise<void>;
}

/** What the model reads of a call that a stopped turn did not make. */
export const NOT_STARTED = "The call was not started: the turn was aborted.";

/** A call that is decided on: with the arguments it runs with, or refused. */
export interface PreparedCall {
  call: ToolCallPart;
  tool?: AgentTool;
  params: Record<string, unknown>;
  refusal?: { text: string; kind: string };
  /** The allowance that the call acts on. */
  approvalId?: string;
}

export function refused(call: ToolCallPart, text: string, kind: string): PreparedCall {
  return { call, params: call.arguments, refusal: { text, kind } };
}

export function hookContext(call: ToolCallPart, input: ToolBatchInput): ToolHookContext {
  return { ...input.hookContext, toolName: call.name, toolCallId: call.id, abortSignal: input.signal };
}
