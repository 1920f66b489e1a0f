import type { AgentToolResultMiddleware, ToolResultEvent } from "../../contracts/capabilities.ts";
import type { AgentToolResult } from "../../contracts/tool.ts";
import type { Clock } from "../../kernel/clock.ts";
import { withDeadline } from "../../kernel/deadline.ts";
import { SluiceError } from "../../kernel/errors.ts";
import type { RegistryGeneration } from "../types.ts";
import { matchesTool } from "./tool-matcher.ts";

interface BoundMiddleware {
  handler: AgentToolResultMiddleware;
  runtimes: readonly string[];
  matcher?: readonly string[];
  /** The operator's, if there is one. */
  timeoutMs?: number;
}

/**
 * Lets trusted plugins rewrite a tool's result before the model sees it, each seeing what the one before it
 * made (spec 3.13). `runtime` is `openclaw` for the gateway's own agent.
 *
 * @throws SluiceError `TOOL_RESULT_MIDDLEWARE_FAILED`: the call has to fail, a result is never passed on unseen
 */
export async function applyToolResultMiddleware(
  generation: RegistryGeneration,
  event: ToolResultEvent,
  context: Parameters<AgentToolResultMiddleware>[1],
  clock: Clock,
): Promise<AgentToolResult> {
  let result = event.result;
  for (const { value, pluginId } of generation.list<BoundMiddleware>("agentToolResultMiddleware")) {
    if (!value.runtimes.includes(context.runtime) || !matchesTool(value.matcher, event.toolName)) continue;
    try {
      const work = Promise.resolve(value.handler({ ...event, result }, context));
      const { timeoutMs } = value;
      const outcome = await (timeoutMs ? withDeadline(work, timeoutMs, "the middleware", clock) : work);
      if (outcome?.result) result = outcome.result;
    } catch (cause) {
      throw new SluiceError(
        "TOOL_RESULT_MIDDLEWARE_FAILED",
        `the tool-result middleware of plugin "${pluginId}" failed; disable the plugin or repair it`,
        { cause, details: { pluginId, toolName: event.toolName } },
      );
    }
  }
  return result;
}
