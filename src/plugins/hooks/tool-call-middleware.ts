import type { AgentToolCallMiddleware, ToolCallContext } from "../../contracts/capabilities.ts";
import type { AgentToolResult } from "../../contracts/tool.ts";
import { SluiceError } from "../../kernel/errors.ts";
import type { RegistryEntry, RegistryGeneration } from "../types.ts";
import { matchesTool } from "./tool-matcher.ts";

interface BoundMiddleware {
  handler: AgentToolCallMiddleware;
  runtimes: readonly string[];
  matcher?: readonly string[];
  priority?: number;
}

type Call = Omit<ToolCallContext, "execute">;

/**
 * Runs a tool inside the middleware of trusted plugins, the highest priority outermost. Each decides whether
 * and with which arguments the next one runs; what it returns is the result.
 *
 * @throws SluiceError `TOOL_CALL_MIDDLEWARE_FAILED` when one gives no result; its own error otherwise
 */
export function runToolCall(
  generation: RegistryGeneration | undefined,
  call: Call,
  run: (params: Record<string, unknown>) => Promise<AgentToolResult> | AgentToolResult,
): Promise<AgentToolResult> | AgentToolResult {
  const around = (generation?.list<BoundMiddleware>("agentToolCallMiddleware") ?? [])
    .filter(({ value }) => value.runtimes.includes(call.runtime) && matchesTool(value.matcher, call.toolName))
    .sort((a, b) => (b.value.priority ?? 0) - (a.value.priority ?? 0));
  return step(around, 0, call, run);
}

async function step(
  around: readonly RegistryEntry<BoundMiddleware>[],
  index: number,
  call: Call,
  run: (params: Record<string, unknown>) => Promise<AgentToolResult> | AgentToolResult,
): Promise<AgentToolResult> {
  const entry = around[index];
  if (!entry) return run(call.params);
  const result = await entry.value.handler({
    ...call,
    execute: (params) =>
      step(
        around,
        index + 1,
        { ...call, params: params === undefined ? call.params : (params as Call["params"]) },
        run,
      ),
  });
  if (typeof result === "object" && result !== null) return result as AgentToolResult;
  throw new SluiceError(
    "TOOL_CALL_MIDDLEWARE_FAILED",
    `the tool-call middleware of plugin "${entry.pluginId}" gave no result; it must return what execute() gave`,
    { details: { pluginId: entry.pluginId, toolName: call.toolName } },
  );
}
