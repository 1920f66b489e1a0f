import type { ImagePart, TextPart } from "./messages.ts";

/** What a tool gives the model: `content`; `details` are for clients and hooks. */
export interface AgentToolResult {
  content: (TextPart | ImagePart)[];
  details?: unknown;
  /** True for poll-like results that may repeat without tripping the loop guard. */
  progress?: boolean;
  /** When every result of a batch says so, the loop ends after the batch. */
  terminate?: boolean;
}

/** A function the model may call (spec 3.3). `parameters` is a JSON Schema of an object. */
export interface AgentTool {
  name: string;
  label?: string;
  description: string;
  parameters: object;
  outputSchema?: object;
  prepareArguments?(raw: unknown): unknown;
  execute(
    toolCallId: string,
    params: never,
    signal?: AbortSignal,
    onUpdate?: (partial: AgentToolResult) => void,
  ): Promise<AgentToolResult>;
  executionMode?: "sequential" | "parallel";
  ownerOnly?: boolean;
}
