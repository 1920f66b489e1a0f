import type { BeforeToolCallResult, ToolApprovalRequest, ToolHookContext } from "../../contracts/hooks.ts";
import type { ImagePart, TextPart, ToolCallPart, ToolResultMessage } from "../../contracts/messages.ts";
import type { AgentTool, AgentToolResult } from "../../contracts/tool.ts";
import type { Clock } from "../../kernel/clock.ts";
import { errorMessage } from "../../kernel/errors.ts";
import type { Logger } from "../../kernel/logger.ts";
import { runToolCall } from "../../plugins/hooks/tool-call-middleware.ts";
import { applyToolResultMiddleware } from "../../plugins/hooks/tool-result-middleware.ts";
import type { HookRunner, RegistryReader } from "../../plugins/types.ts";
import type { ApprovalRecord } from "../../store/procedures/approvals.ts";
import type { ApprovalQuestion } from "../workflow/approval-question.ts";
import type { PluginApprovals, ToolCallAnswer } from "../workflow/approvals.ts";
import { shownTool } from "../workflow/tool-metadata.ts";
import { LOOP_WARNING_TEXT, type LoopGuard } from "./loop-guard.ts";
import { checkArguments } from "./tool-arguments.ts";
import type { ToolSet } from "./tool-set.ts";

/** Hard cap of one tool result's text (spec 3.3). */
export const MAX_TOOL_RESULT_CHARS = 400_000;
/** Share of the context window one result may fill; a token is taken as four characters. */
export const TOOL_RESULT_WINDOW_SHARE = 0.3;
/** Serialised `details` above this are replaced by a summary. */
export const MAX_TOOL_DETAILS_CHARS = 64_000;
/** Calls of one assistant message that run at once. */
export const MAX_PARALLEL_TOOLS = 16;

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

export interface ToolBatchResult {
  /** In the order of the calls. */
  messages: ToolResultMessage[];
  /** Every result asked to end the turn. */
  terminate: boolean;
  /** The same call gave the same result too often. */
  looping: boolean;
}

interface Prepared {
  call: ToolCallPart;
  tool?: AgentTool;
  params: Record<string, unknown>;
  refusal?: { text: string; kind: string };
  /** The allowance that the call acts on. */
  approvalId?: string;
}

interface Finished {
  message: ToolResultMessage;
  terminate: boolean;
  looping: boolean;
}

/** Runs the tool calls of one assistant message by the batch rules of spec 3.3. */
export async function runToolBatch(input: ToolBatchInput): Promise<ToolBatchResult> {
  const prepared: Prepared[] = [];
  for (const call of input.calls) prepared.push(await prepare(call, input));
  const sequential = prepared.some((item) => item.tool?.executionMode === "sequential");
  const finished: Finished[] = new Array(prepared.length);
  const width = sequential ? 1 : MAX_PARALLEL_TOOLS;
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < prepared.length; index = next++) {
      finished[index] = await runOne(prepared[index] as Prepared, input);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, prepared.length) }, worker));
  return {
    messages: finished.map((item) => item.message),
    terminate: finished.length > 0 && finished.every((item) => item.terminate),
    looping: finished.some((item) => item.looping),
  };
}

async function prepare(call: ToolCallPart, input: ToolBatchInput): Promise<Prepared> {
  const tool = input.tools.get(call.name);
  if (!tool) return refused(call, `Tool ${call.name} not found`, "not-found");
  let raw: unknown = call.arguments;
  try {
    raw = tool.prepareArguments?.(raw) ?? raw;
  } catch (error) {
    return refused(call, `Invalid arguments for ${call.name}: ${errorMessage(error)}`, "argument-validation");
  }
  const check = await checkArguments(tool.parameters, raw);
  if (!check.ok) {
    const text = `Invalid arguments for ${call.name}:\n${check.problems.join("\n")}`;
    return refused(call, text, "argument-validation");
  }
  const params = (check.value ?? {}) as Record<string, unknown>;
  return decide({ call, tool, params }, input);
}

/** `before_tool_call`: hooks may rewrite the arguments or block; a hook that fails blocks (spec 4.8). */
async function decide(item: Prepared, input: ToolBatchInput): Promise<Prepared> {
  const { call } = item;
  const asked = input.asked?.get(call.id);
  if (!input.hooks.has("before_tool_call") && !asked) return item;
  try {
    const verdict = await input.hooks.run<BeforeToolCallResult>(
      "before_tool_call",
      { toolName: call.name, params: item.params, toolCallId: call.id, runId: input.hookContext.runId },
      hookContext(call, input),
    );
    if (verdict?.block)
      return refused(call, verdict.blockReason ?? "The call was blocked by a plugin.", "blocked");
    // What is approved is what runs: later changes of the plugin's objects do not matter.
    const decided = verdict?.params ? { ...item, params: structuredClone(verdict.params) } : item;
    const approval = verdict?.requireApproval;
    // A question that was put before an interruption is the one that counts.
    const answer = asked
      ? await input.approvals?.goOn(asked, input.signal, approval)
      : approval && (await askFor(approval, decided, input));
    if (!answer) return decided;
    if (!answer.allowed) return refused(call, answer.reason, "denied");
    return { ...decided, params: answer.params as Record<string, unknown>, approvalId: answer.id };
  } catch (error) {
    input.logger.warn("before_tool_call failed; the call is blocked", {
      tool: call.name,
      error: errorMessage(error),
    });
    return refused(call, "The call was blocked because its check failed.", "blocked");
  }
}

/** Puts a plugin's question to the operator, for exactly the arguments that were decided on. */
async function askFor(
  approval: ToolApprovalRequest,
  { call, params }: Prepared,
  input: ToolBatchInput,
): Promise<ToolCallAnswer> {
  const { agentId, sessionKey, runId } = input.hookContext;
  const tool = input.registry && shownTool(input.registry.current(), call.name);
  const callKey = input.batchKey && `${input.batchKey}:${call.id}`;
  const facts = { agentId, sessionKey, runId, toolName: call.name, toolCallId: call.id, tool, callKey };
  const known = Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
  const question = { ...known, ...input.turnSource, params };
  const answer = await input.approvals?.ask(approval, question, input.signal);
  if (answer) return { ...answer, params: callKey ? answer.params : params };
  await Promise.resolve(approval.onResolution?.("cancelled")).catch(() => {});
  const reason = "The call needs an approval and nobody is there to give it.";
  return { allowed: false, reason, id: "", params };
}

function refused(call: ToolCallPart, text: string, kind: string): Prepared {
  return { call, params: call.arguments, refusal: { text, kind } };
}

async function runOne(item: Prepared, input: ToolBatchInput): Promise<Finished> {
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
    result = textResult("The call was not started: the turn was aborted.");
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
  let onAbort = () => {};
  const aborted = new Promise<"aborted">((resolve) => {
    onAbort = () => resolve("aborted");
    input.signal.addEventListener("abort", onAbort, { once: true });
  });
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
    const outcome = await Promise.race([running, aborted]);
    if (outcome === "aborted") {
      running.catch(() => {});
      return { result: textResult("The call was aborted."), isError: true, errorKind: "aborted" };
    }
    return { result: normalize(outcome), isError: false };
  } catch (error) {
    return { result: textResult(errorMessage(error)), isError: true, errorKind: "thrown" };
  } finally {
    live = false;
    input.signal.removeEventListener("abort", onAbort);
  }
}

type Executed = Awaited<ReturnType<typeof execute>>;

/** Middleware of trusted plugins; when it fails the call fails, nothing passes by it (plugin-sdk spec 3.13). */
async function rewrite(
  outcome: Executed,
  { call, params }: Prepared,
  input: ToolBatchInput,
): Promise<Executed> {
  const generation = input.registry?.current();
  if (!generation || generation.list("agentToolResultMiddleware").length === 0) return outcome;
  const { agentId, sessionId, sessionKey, runId } = input.hookContext as ToolHookContext;
  const context = { runtime: "openclaw", agentId, sessionId, sessionKey, runId };
  const { result, isError } = outcome;
  const event = { toolCallId: call.id, toolName: call.name, args: params, result, isError };
  try {
    return { ...outcome, result: normalize(await applyToolResultMiddleware(generation, event, context)) };
  } catch (error) {
    input.logger.warn("tool-result middleware failed; the call fails", { error: errorMessage(error) });
    return { result: textResult(errorMessage(error)), isError: true, errorKind: "middleware" };
  }
}

async function settle(
  item: Prepared,
  input: ToolBatchInput,
  outcome: { result: AgentToolResult; isError: boolean; errorKind: string | undefined; startedAt: number },
): Promise<Finished> {
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
  let message: ToolResultMessage = {
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
    if (changed?.message?.role === "toolResult") message = { ...changed.message, toolCallId: call.id };
  }
  await input.record(message);
  return { message, terminate: result.terminate === true, looping: verdict === "stop" };
}

function hookContext(call: ToolCallPart, input: ToolBatchInput): ToolHookContext {
  return { ...input.hookContext, toolName: call.name, toolCallId: call.id, abortSignal: input.signal };
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
