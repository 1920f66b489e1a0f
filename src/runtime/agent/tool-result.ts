import type { ImagePart, TextPart, ToolResultMessage } from "../../contracts/messages.ts";
import type { AgentToolResult } from "../../contracts/tool.ts";
import { errorMessage } from "../../kernel/errors.ts";
import { LOOP_WARNING_TEXT } from "./loop-guard.ts";
import { hookContext, type PreparedCall, type ToolBatchInput } from "./tool-call.ts";

/** Hard cap of one tool result's text (spec 3.3). */
export const MAX_TOOL_RESULT_CHARS = 400_000;
/** Share of the context window one result may fill; a token is taken as four characters. */
export const TOOL_RESULT_WINDOW_SHARE = 0.3;
/** Serialised `details` above this are replaced by a summary. */
export const MAX_TOOL_DETAILS_CHARS = 64_000;
export interface FinishedCall {
  message: ToolResultMessage;
  terminate: boolean;
  looping: boolean;
}

/** Bounds a result, tells hooks and listeners about it and records it as a message. */
export async function settle(
  item: PreparedCall,
  input: ToolBatchInput,
  outcome: { result: AgentToolResult; isError: boolean; errorKind: string | undefined; startedAt: number },
): Promise<FinishedCall> {
  const { call } = item;
  const { result, isError } = outcome;
  const verdict = input.guard.observe({
    name: call.name,
    arguments: item.params,
    result: JSON.stringify(result.content),
    progress: result.progress === true,
  });
  const limit = Math.min(
    MAX_TOOL_RESULT_CHARS,
    Math.floor(input.contextWindow * 4 * TOOL_RESULT_WINDOW_SHARE),
  );
  const content = result.content.map((part) => (part.type === "text" ? shorten(part, limit) : part));
  if (verdict === "warn") content.push({ type: "text", text: LOOP_WARNING_TEXT });
  const message: ToolResultMessage = {
    role: "toolResult",
    toolCallId: call.id,
    toolName: call.name,
    content,
    ...(result.details === undefined ? {} : { details: boundedDetails(result.details) }),
    isError,
    timestamp: input.clock.now(),
  };
  input.emit({
    phase: "result",
    name: call.name,
    toolCallId: call.id,
    isError,
    result: {
      content: message.content,
      ...(message.details === undefined ? {} : { details: message.details }),
    },
    ...(outcome.errorKind ? { errorKind: outcome.errorKind } : {}),
  });
  if (input.hooks.has("after_tool_call")) {
    void input.hooks
      .run(
        "after_tool_call",
        {
          toolName: call.name,
          params: item.params,
          toolCallId: call.id,
          runId: input.hookContext.runId,
          result,
          ...(isError ? { error: textPart(message.content) } : {}),
          durationMs: Math.round(input.clock.monotonic() - outcome.startedAt),
        },
        hookContext(call, input),
      )
      .catch((error: unknown) => input.logger.warn("after_tool_call failed", { error: errorMessage(error) }));
  }
  // The turn goes on with what the tool said; what is kept of it is for later turns.
  let kept = message;
  if (input.hooks.has("tool_result_persist")) {
    const changed = input.hooks.runSync<{ message?: ToolResultMessage }>(
      "tool_result_persist",
      { message, toolName: call.name, toolCallId: call.id, isSynthetic: outcome.errorKind !== undefined },
      {
        agentId: input.hookContext.agentId,
        sessionKey: input.hookContext.sessionKey,
        toolName: call.name,
        toolCallId: call.id,
      },
    );
    if (changed?.message?.role === "toolResult") kept = { ...changed.message, toolCallId: call.id };
  }
  await input.record(kept);
  return { message, terminate: result.terminate === true, looping: verdict === "stop" };
}

function shorten(part: TextPart, limit: number): TextPart {
  if (part.text.length <= limit) return part;
  const half = Math.floor(limit / 2);
  const left = part.text.length - 2 * half;
  return {
    ...part,
    text: `${part.text.slice(0, half)}\n… ${left} characters left out …\n${part.text.slice(-half)}`,
  };
}

function boundedDetails(details: unknown): unknown {
  const text = JSON.stringify(details) ?? "null";
  if (text.length <= MAX_TOOL_DETAILS_CHARS) return details;
  return { persistedDetailsTruncated: true, chars: text.length, head: text.slice(0, 1_000) };
}

function textPart(content: readonly (TextPart | ImagePart)[]): string {
  return content.map((part) => (part.type === "text" ? part.text : "")).join("");
}
