import type { ToolCallPart, ToolResultMessage } from "../../contracts/messages.ts";
import { errorMessage } from "../../kernel/errors.ts";
import { checkArguments } from "./tool-arguments.ts";
import { type PreparedCall, refused, type ToolBatchInput } from "./tool-call.ts";
import { decide } from "./tool-decision.ts";
import type { FinishedCall } from "./tool-result.ts";
import { runCall } from "./tool-run.ts";

/** Calls of one assistant message that run at once. */
export const MAX_PARALLEL_TOOLS = 16;

export interface ToolBatchResult {
  /** In the order of the calls. */
  messages: ToolResultMessage[];
  /** Every result asked to end the turn. */
  terminate: boolean;
  /** The same call gave the same result too often. */
  looping: boolean;
}

/** Runs the tool calls of one assistant message by the batch rules of spec 3.3. */
export async function runToolBatch(input: ToolBatchInput): Promise<ToolBatchResult> {
  const prepared: PreparedCall[] = [];
  for (const call of input.calls) prepared.push(await prepare(call, input));
  const sequential = prepared.some((item) => item.tool?.executionMode === "sequential");
  const finished: FinishedCall[] = new Array(prepared.length);
  const width = sequential ? 1 : MAX_PARALLEL_TOOLS;
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < prepared.length; index = next++) {
      finished[index] = await runCall(prepared[index] as PreparedCall, input);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, prepared.length) }, worker));
  return {
    messages: finished.map((item) => item.message),
    terminate: finished.length > 0 && finished.every((item) => item.terminate),
    looping: finished.some((item) => item.looping),
  };
}

async function prepare(call: ToolCallPart, input: ToolBatchInput): Promise<PreparedCall> {
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
