import type { ToolHookContext } from "../../contracts/hooks.ts";
import type { ToolCallPart } from "../../contracts/messages.ts";
import type { AgentTool, AgentToolResult } from "../../contracts/tool.ts";
import { errorMessage } from "../../kernel/errors.ts";
import { runToolCall } from "../../plugins/hooks/tool-call-middleware.ts";
import { applyToolResultMiddleware } from "../../plugins/hooks/tool-result-middleware.ts";
import { shownTool } from "../workflow/tool-metadata.ts";
import { NOT_STARTED, type PreparedCall, type ToolBatchInput } from "./tool-call.ts";
import { type FinishedCall, settle } from "./tool-result.ts";
import { ABORTED, unlessAborted } from "./unless-aborted.ts";

/** Runs one call, unless it was refused; a call that fails has a result like any other. */
export async function runCall(item: PreparedCall, input: ToolBatchInput): Promise<FinishedCall> {
  const { call, tool, params } = item;
  const startedAt = input.clock.monotonic();
  const shown = input.registry && shownTool(input.registry.current(), call.name);
  input.emit({
    phase: "start",
    name: call.name,
    toolCallId: call.id,
    args: params,
    ...(shown ? { metadata: shown } : {}),
  });
  let result: AgentToolResult;
  let isError = false;
  let errorKind: string | undefined;
  if (item.refusal || !tool) {
    result = textResult(item.refusal?.text ?? `Tool ${call.name} not found`);
    isError = true;
    errorKind = item.refusal?.kind;
  } else if (input.signal.aborted) {
    result = textResult(NOT_STARTED);
    isError = true;
    errorKind = "aborted";
  } else if (item.approvalId !== undefined && !(await input.approvals?.use(item.approvalId))) {
    result = textResult("The call was not started: it may have run before the gateway stopped.");
    isError = true;
    errorKind = "lost";
  } else {
    const outcome = await rewrite(await execute(tool, call, params, input), item, input);
    result = outcome.result;
    isError = outcome.isError || failedByDetails(result);
    errorKind = outcome.errorKind;
  }
  return settle(item, input, { result, isError, errorKind, startedAt });
}

async function execute(
  tool: AgentTool,
  call: ToolCallPart,
  params: Record<string, unknown>,
  input: ToolBatchInput,
): Promise<{ result: AgentToolResult; isError: boolean; errorKind?: string }> {
  let live = true;
  const onUpdate = (partial: AgentToolResult) => {
    if (!live) return;
    input.emit({ phase: "update", name: call.name, toolCallId: call.id, partialResult: partial });
  };
  try {
    const { agentId, sessionId, sessionKey, runId } = input.hookContext as ToolHookContext;
    const place = { runtime: "openclaw", agentId, sessionId, sessionKey, runId, signal: input.signal };
    const running = Promise.resolve(
      runToolCall(
        input.registry?.current(),
        { toolCallId: call.id, toolName: call.name, params, ...place },
        (given) => tool.execute(call.id, given as never, input.signal, onUpdate),
      ),
    );
    const outcome = await unlessAborted(input.signal, running);
    return outcome === ABORTED ? ABORTED_CALL : { result: normalize(outcome), isError: false };
  } catch (error) {
    return {
      result: textResult(input.logger.redact(errorMessage(error))),
      isError: true,
      errorKind: "thrown",
    };
  } finally {
    live = false;
  }
}

type Executed = Awaited<ReturnType<typeof execute>>;

const ABORTED_CALL: Executed = {
  result: textResult("The call was aborted."),
  isError: true,
  errorKind: "aborted",
};

/** Middleware of trusted plugins; when it fails the call fails, nothing passes by it (plugin-sdk spec 3.13). */
async function rewrite(
  outcome: Executed,
  { call, params }: PreparedCall,
  input: ToolBatchInput,
): Promise<Executed> {
  const generation = input.registry?.current();
  if (!generation || generation.list("agentToolResultMiddleware").length === 0) return outcome;
  const { agentId, sessionId, sessionKey, runId } = input.hookContext as ToolHookContext;
  const context = { runtime: "openclaw", agentId, sessionId, sessionKey, runId };
  const { result, isError } = outcome;
  const event = { toolCallId: call.id, toolName: call.name, args: params, result, isError };
  try {
    const rewriting = applyToolResultMiddleware(generation, event, context, input.clock);
    const rewritten = await unlessAborted(input.signal, rewriting);
    return rewritten === ABORTED ? ABORTED_CALL : { ...outcome, result: normalize(rewritten) };
  } catch (error) {
    input.logger.warn("tool-result middleware failed; the call fails", { error: errorMessage(error) });
    return {
      result: textResult(input.logger.redact(errorMessage(error))),
      isError: true,
      errorKind: "middleware",
    };
  }
}

function textResult(text: string): AgentToolResult {
  return { content: [{ type: "text", text }] };
}

/** Tools written in haste answer with a string or an object; the model still gets something to read. */
function normalize(result: unknown): AgentToolResult {
  const candidate = result as Partial<AgentToolResult> | null | undefined;
  if (candidate && Array.isArray(candidate.content)) return candidate as AgentToolResult;
  if (typeof result === "string") return textResult(result);
  return textResult(JSON.stringify(result ?? null));
}

function failedByDetails({ details }: AgentToolResult): boolean {
  if (typeof details !== "object" || details === null) return false;
  const { status, ok, success } = details as Record<string, unknown>;
  if (ok === true || success === true) return false;
  return (
    typeof status === "string" && ["blocked", "denied", "invalid", "cancelled", "error"].includes(status)
  );
}
