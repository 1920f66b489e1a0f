import type { AssistantMessage, Message, ToolCallPart } from "./messages.ts";

/** One event of a model's answer. Exactly one terminal event (`done` or `error`) ends a stream. */
export type AssistantMessageEvent =
  | { type: "start"; partial?: AssistantMessage }
  | { type: "text_start"; contentIndex: number; partial?: AssistantMessage }
  | { type: "text_delta"; contentIndex: number; delta: string; partial?: AssistantMessage }
  | { type: "text_end"; contentIndex: number; content: string; partial?: AssistantMessage }
  | { type: "thinking_start"; contentIndex: number; partial?: AssistantMessage }
  | { type: "thinking_delta"; contentIndex: number; delta: string; partial?: AssistantMessage }
  | { type: "thinking_end"; contentIndex: number; content: string; partial?: AssistantMessage }
  | { type: "toolcall_start"; contentIndex: number; partial?: AssistantMessage }
  | { type: "toolcall_delta"; contentIndex: number; delta: string; partial?: AssistantMessage }
  | { type: "toolcall_end"; contentIndex: number; toolCall: ToolCallPart; partial?: AssistantMessage }
  | { type: "done"; reason: "stop" | "length" | "toolUse"; message: AssistantMessage }
  | { type: "error"; reason: "error" | "aborted"; error: AssistantMessage };

/** An async iterable of events with the final message as a promise. */
export interface AssistantMessageEventStream extends AsyncIterable<AssistantMessageEvent> {
  result(): Promise<AssistantMessage>;
}

/** A model as a provider's catalogue states it. Costs are per million tokens. */
export interface ModelDefinition {
  id: string;
  name?: string;
  provider: string;
  api: string;
  baseUrl?: string;
  reasoning?: boolean;
  input?: ("text" | "image")[];
  contextWindow?: number;
  maxTokens?: number;
  cost?: { input: number; output: number; cacheRead: number; cacheWrite: number };
  headers?: Record<string, string>;
  compat?: Record<string, unknown>;
  /** Parameters of every request to this model, beside the messages. */
  params?: Record<string, unknown>;
}

export interface ModelContext {
  systemPrompt?: string;
  messages: Message[];
  tools?: { name: string; description: string; parameters: object }[];
}

export interface StreamOptions {
  temperature?: number;
  topP?: number;
  maxTokens?: number;
  stop?: string[];
  signal?: AbortSignal;
  apiKey?: string;
  headers?: Record<string, string>;
  timeoutMs?: number;
  sessionId?: string;
  /** The agent whose turn it is. */
  agentId?: string;
  requestId?: string;
  reasoning?: string;
  toolChoice?: unknown;
  metadata?: Record<string, unknown>;
  onPayload?(payload: unknown, model: ModelDefinition): unknown;
  onResponse?(response: { status: number; headers: Record<string, string> }, model: ModelDefinition): void;
}

/**
 * Asks a model. Must not throw or reject once called with a valid model: connection errors, HTTP errors
 * and aborts arrive as one `error` event (spec 2.7).
 */
export type StreamFn = (
  model: ModelDefinition,
  context: ModelContext,
  options?: StreamOptions,
) => AssistantMessageEventStream | Promise<AssistantMessageEventStream>;
