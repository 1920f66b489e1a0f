import type { BeforeToolCallResult, ToolApprovalRequest } from "../../contracts/hooks.ts";
import { errorMessage } from "../../kernel/errors.ts";
import type { ToolCallAnswer } from "../workflow/tool-call-answer.ts";
import { shownTool } from "../workflow/tool-metadata.ts";
import { hookContext, NOT_STARTED, type PreparedCall, refused, type ToolBatchInput } from "./tool-call.ts";
import { ABORTED, unlessAborted } from "./unless-aborted.ts";

/** `before_tool_call`: hooks may rewrite the arguments or block; a hook that fails blocks (spec 4.8). */
export async function decide(item: PreparedCall, input: ToolBatchInput): Promise<PreparedCall> {
  const { call } = item;
  const asked = input.asked?.get(call.id);
  if (!input.hooks.has("before_tool_call") && !asked) return item;
  try {
    const event = {
      toolName: call.name,
      params: item.params,
      toolCallId: call.id,
      runId: input.hookContext.runId,
    };
    const asking = input.hooks.run<BeforeToolCallResult>("before_tool_call", event, hookContext(call, input));
    const verdict = await unlessAborted(input.signal, asking);
    if (verdict === ABORTED) return refused(call, NOT_STARTED, "aborted");
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
  { call, params }: PreparedCall,
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
