import {
  type AnswerBuilder,
  type AssistantMessageEvent,
  RequestFailure,
  type Usage,
} from "sluice/plugin-sdk/model-stream";

/** Characters of one tool call's arguments. */
export const MAX_ARGUMENT_CHARS = 4_194_304;

interface WireUsage {
  input_tokens?: number;
  output_tokens?: number;
  cache_read_input_tokens?: number | null;
  cache_creation_input_tokens?: number | null;
}

interface WireEvent {
  type?: string;
  message?: { id?: string; model?: string; usage?: WireUsage };
  content_block?: {
    type?: string;
    id?: string;
    name?: string;
    text?: string;
    thinking?: string;
    data?: string;
  };
  delta?: {
    type?: string;
    text?: string;
    thinking?: string;
    signature?: string;
    partial_json?: string;
    stop_reason?: string | null;
  };
  usage?: WireUsage;
  error?: { type?: string; message?: string };
}

const REASONS: Readonly<Record<string, string>> = {
  overloaded_error: "overloaded",
  rate_limit_error: "rate_limit",
  authentication_error: "auth",
  permission_error: "auth",
  invalid_request_error: "format",
  not_found_error: "model_not_found",
  billing_error: "billing",
};

/** Turns the events of a message into those of the stream protocol. */
export class EventReader {
  readonly #answer: AnswerBuilder;
  #usage: WireUsage = {};
  #call: { id: string; name: string; json: string } | undefined;
  #stop: string | undefined;
  #ended = false;

  constructor(answer: AnswerBuilder) {
    this.#answer = answer;
  }

  /** True once the server said why it stopped. */
  get finished(): boolean {
    return this.#stop !== undefined;
  }

  /** True after the server's last event. */
  get ended(): boolean {
    return this.#ended;
  }

  *read(value: unknown): Generator<AssistantMessageEvent> {
    if (typeof value !== "object" || value === null) return;
    const event = value as WireEvent;
    switch (event.type) {
      case "message_start":
        if (event.message?.id) this.#answer.note({ responseId: event.message.id });
        if (event.message?.model) this.#answer.note({ responseModel: event.message.model });
        this.#count(event.message?.usage);
        return;
      case "content_block_start":
        return yield* this.#open(event.content_block ?? {});
      case "content_block_delta":
        return yield* this.#delta(event.delta ?? {});
      case "content_block_stop":
        return yield* this.#close();
      case "message_delta":
        this.#count(event.usage);
        if (event.delta?.stop_reason) this.#stop = event.delta.stop_reason;
        return;
      case "message_stop":
        this.#ended = true;
        this.#stop ??= "end_turn";
        return;
      case "error": {
        const reason = REASONS[event.error?.type ?? ""] ?? "server_error";
        throw new RequestFailure(reason, event.error?.message ?? "the model server reported an error");
      }
    }
  }

  /** The terminal event. */
  *end(): Generator<AssistantMessageEvent> {
    yield* this.#close();
    if (this.#stop === "refusal") {
      throw new RequestFailure("refusal", "the model declined to answer");
    }
    if (this.#stop === "tool_use") yield* this.#answer.done("toolUse");
    else yield* this.#answer.done(this.#stop === "max_tokens" ? "length" : "stop");
  }

  *#open(block: NonNullable<WireEvent["content_block"]>): Generator<AssistantMessageEvent> {
    if (block.type === "text") yield* this.#answer.text(block.text ?? "");
    if (block.type === "thinking") yield* this.#answer.thinking(block.thinking ?? "");
    if (block.type === "tool_use") this.#call = { id: block.id ?? "", name: block.name ?? "", json: "" };
    if (block.type === "redacted_thinking") yield* this.#answer.redactedThinking(block.data ?? "");
  }

  *#delta(delta: NonNullable<WireEvent["delta"]>): Generator<AssistantMessageEvent> {
    if (delta.type === "text_delta") yield* this.#answer.text(delta.text ?? "");
    if (delta.type === "thinking_delta") yield* this.#answer.thinking(delta.thinking ?? "");
    if (delta.type === "signature_delta") this.#answer.signThinking(delta.signature ?? "");
    if (delta.type === "input_json_delta" && this.#call) {
      this.#call.json += delta.partial_json ?? "";
      if (this.#call.json.length > MAX_ARGUMENT_CHARS) {
        throw new RequestFailure("server_error", "the arguments of a tool call are too large");
      }
    }
  }

  *#close(): Generator<AssistantMessageEvent> {
    const call = this.#call;
    if (!call) return;
    this.#call = undefined;
    yield* this.#answer.toolCall({ id: call.id, name: call.name, arguments: argumentsOf(call.json) });
  }

  #count(usage: WireUsage | undefined): void {
    if (!usage) return;
    const known = Object.fromEntries(Object.entries(usage).filter(([, value]) => typeof value === "number"));
    this.#usage = { ...this.#usage, ...known };
    this.#answer.note({ usage: usageOf(this.#usage) });
  }
}

/** What is no whole JSON object becomes `{}` and fails the tool's own validation. */
function argumentsOf(json: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(json === "" ? "{}" : json);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
  } catch {
    // An answer that was cut off.
  }
  return {};
}

function usageOf(usage: WireUsage): Usage {
  const input = usage.input_tokens ?? 0;
  const output = usage.output_tokens ?? 0;
  const cacheRead = usage.cache_read_input_tokens ?? 0;
  const cacheWrite = usage.cache_creation_input_tokens ?? 0;
  return {
    input,
    output,
    cacheRead,
    cacheWrite,
    totalTokens: input + output + cacheRead + cacheWrite,
    cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, total: 0 },
  };
}
