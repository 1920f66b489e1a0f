/** The few shapes of the gateway protocol (version 4) that this page reads. */

export interface ResponseFrame {
  type: "res";
  id: string;
  ok: boolean;
  payload?: unknown;
  error?: WireError;
}

export interface EventFrame {
  type: "event";
  event: string;
  payload?: unknown;
  seq?: number;
}

export interface WireError {
  code: string;
  message: string;
  details?: { code?: string };
  retryable?: boolean;
  retryAfterMs?: number;
}

export interface Hello {
  server: { version: string };
  features?: { methods?: string[] };
  snapshot?: { sessionDefaults?: { mainSessionKey?: string } };
  auth?: { scopes?: string[] };
}

export type Content = string | readonly { type: string; text?: string; name?: string }[];

export interface Message {
  role: string;
  content: Content;
  timestamp?: number;
  toolName?: string;
  errorMessage?: string;
  /** Of a user message: what the sender called it. */
  idempotencyKey?: string;
  __openclaw?: { id?: string; seq?: number; runId?: string };
}

export interface ChatEvent {
  runId: string;
  sessionKey: string;
  state: "status" | "delta" | "final" | "aborted" | "error";
  deltaText?: string;
  replace?: boolean;
  message?: Message;
  errorMessage?: string;
}

/** Of an `agent` event whose stream is "tool". */
export interface ToolEvent {
  runId: string;
  sessionKey: string;
  data: {
    phase: "start" | "update" | "result";
    name: string;
    toolCallId: string;
    result?: { content?: Content };
  };
}

export interface History {
  messages: Message[];
  inFlightRun?: { runId: string; text?: string };
}

/** The readable text of a message; parts that are not text are left out. */
export function textOf(content: Content | undefined): string {
  if (content === undefined) return "";
  if (typeof content === "string") return content;
  return content
    .filter((part) => part.type === "text" && part.text)
    .map((part) => part.text)
    .join("\n");
}
