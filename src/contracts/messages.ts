/** Messages as models and transcripts see them (stream protocol, spec 2.7). */

/** Text. The signature is the provider's and goes back to it unchanged. */
export interface TextPart {
  type: "text";
  text: string;
  textSignature?: string;
}

/** What a model thought before it answered. */
export interface ThinkingPart {
  type: "thinking";
  thinking: string;
  thinkingSignature?: string;
  redacted?: boolean;
}

/** A picture. */
export interface ImagePart {
  type: "image";
  /** Base64. */
  data: string;
  mimeType: string;
}

/** A model asks for a tool; the result carries the same `id`. */
export interface ToolCallPart {
  type: "toolCall";
  id: string;
  name: string;
  arguments: Record<string, unknown>;
  thoughtSignature?: string;
}

/** What the model is told. */
export interface UserMessage {
  role: "user";
  content: string | (TextPart | ImagePart)[];
  /** Milliseconds since the epoch. */
  timestamp: number;
}

/** Token counts of one model call; `input` excludes cached tokens. Costs are in the model's currency. */
export interface Usage {
  input: number;
  output: number;
  cacheRead: number;
  cacheWrite: number;
  totalTokens: number;
  cost: { input: number; output: number; cacheRead: number; cacheWrite: number; total: number };
}

/** Why an answer ended. */
export type StopReason = "stop" | "length" | "toolUse" | "error" | "aborted";

/** An answer of a model, or how asking it failed. */
export interface AssistantMessage {
  role: "assistant";
  content: (TextPart | ThinkingPart | ToolCallPart)[];
  api: string;
  provider: string;
  model: string;
  responseModel?: string;
  responseId?: string;
  usage: Usage;
  stopReason: StopReason;
  errorMessage?: string;
  errorCode?: string;
  timestamp: number;
}

/** What came of a tool call. */
export interface ToolResultMessage {
  role: "toolResult";
  toolCallId: string;
  toolName: string;
  content: (TextPart | ImagePart)[];
  details?: unknown;
  isError: boolean;
  timestamp: number;
}

/** One entry of what a model sees. */
export type Message = UserMessage | AssistantMessage | ToolResultMessage;

/** Nothing used so far. */
export function emptyUsage(): Usage {
  return {
    input: 0,
    output: 0,
    cacheRead: 0,
    cacheWrite: 0,
    totalTokens: 0,
    cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, total: 0 },
  };
}
