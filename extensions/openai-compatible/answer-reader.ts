import { randomUUID } from "node:crypto";
import {
  type AnswerBuilder,
  type AssistantMessageEvent,
  RequestFailure,
  type Usage,
} from "sluice/plugin-sdk/model-stream";

/** Tool calls taken from one answer. */
export const MAX_TOOL_CALLS = 128;

interface WireCall {
  index?: number;
  id?: string | null;
  function?: { name?: string | null; arguments?: unknown };
}

interface WireDelta {
  content?: string | null;
  reasoning_content?: string | null;
  reasoning?: string | null;
  reasoning_text?: string | null;
  refusal?: string | null;
  tool_calls?: WireCall[] | null;
}

export interface WireChunk {
  id?: string;
  model?: string;
  error?: { message?: string; code?: unknown } | string;
  choices?: { delta?: WireDelta; message?: WireDelta; finish_reason?: string | null }[];
  usage?: {
    prompt_tokens?: number;
    completion_tokens?: number;
    total_tokens?: number;
    prompt_tokens_details?: { cached_tokens?: number } | null;
  } | null;
}

interface OpenCall {
  id: string;
  name: string;
  json: string;
}

/** Where servers put what the model thought; a later turn gives it back in the same field. */
export const REASONING_FIELDS = ["reasoning_content", "reasoning", "reasoning_text"] as const;

/** The mark some servers send after the last chunk. */
const END_MARK = "[DONE]";

/**
 * Turns the chunks of an answer into stream events, tolerating what servers leave out (spec 2.8). Text of
 * chunks that were read together becomes one delta.
 */
export class AnswerReader {
  readonly #answer: AnswerBuilder;
  readonly #calls = new Map<number, OpenCall>();
  #held: { type: "text" | "thinking"; delta: string } | undefined;
  #closed = false;
  #finish: string | undefined;
  #reasoningField: string | undefined;
  #lastIndex = -1;

  constructor(answer: AnswerBuilder) {
    this.#answer = answer;
  }

  /** True once the server said why it stopped. */
  get finished(): boolean {
    return this.#finish !== undefined;
  }

  /** True once the server sent its end mark; what follows it does not count. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Reads the chunks of one network read. */
  *read(values: readonly unknown[]): Generator<AssistantMessageEvent> {
    for (const value of values) {
      if (value === END_MARK) {
        this.#closed = true;
        break;
      }
      if (typeof value === "object" && value !== null) yield* this.#chunk(value as WireChunk);
    }
    yield* this.release();
  }

  /** Sends the text that was read and not sent. */
  *release(): Generator<AssistantMessageEvent> {
    const held = this.#held;
    if (!held) return;
    this.#held = undefined;
    yield* held.type === "text" ? this.#answer.text(held.delta) : this.#answer.thinking(held.delta);
  }

  *#chunk(chunk: WireChunk): Generator<AssistantMessageEvent> {
    if (chunk.error) throw new RequestFailure("server_error", messageOf(chunk.error));
    const { message } = this.#answer;
    if (chunk.id && chunk.id !== message.responseId) this.#answer.note({ responseId: chunk.id });
    if (chunk.model && chunk.model !== message.responseModel) {
      this.#answer.note({ responseModel: chunk.model });
    }
    // Some servers send usage in every chunk; the last one counts.
    if (chunk.usage) this.#answer.note({ usage: usageOf(chunk.usage) });
    const choice = chunk.choices?.[0];
    if (!choice) return;
    const delta = choice.delta ?? choice.message;
    if (delta) {
      const field = REASONING_FIELDS.find((name) => textOf(delta[name]) !== "");
      if (field) {
        this.#reasoningField ??= field;
        yield* this.#hold("thinking", textOf(delta[field]));
      }
      const text = textOf(delta.content ?? delta.refusal);
      if (text !== "") yield* this.#hold("text", text);
      for (const call of delta.tool_calls ?? []) this.#collect(call);
    }
    if (choice.finish_reason) this.#finish = choice.finish_reason;
  }

  *#hold(type: "text" | "thinking", delta: string): Generator<AssistantMessageEvent> {
    if (this.#held?.type === type) {
      this.#held.delta += delta;
      return;
    }
    yield* this.release();
    this.#held = { type, delta };
  }

  /** Sends the tool calls and the terminal event. */
  *end(): Generator<AssistantMessageEvent> {
    for (const part of this.#answer.message.content) {
      if (part.type === "thinking" && this.#reasoningField) part.thinkingSignature = this.#reasoningField;
    }
    for (const call of this.#calls.values()) {
      yield* this.#answer.toolCall({ id: call.id, name: call.name, arguments: parseArguments(call.json) });
    }
    if (this.#finish === "content_filter") {
      throw new RequestFailure("refusal", "the model's answer was held back by its content filter");
    }
    if (this.#calls.size > 0) yield* this.#answer.done("toolUse");
    else yield* this.#answer.done(this.#finish === "length" ? "length" : "stop");
  }

  #collect(call: WireCall): void {
    const index = this.#indexOf(call);
    let open = this.#calls.get(index);
    if (!open) {
      if (this.#calls.size >= MAX_TOOL_CALLS) return;
      open = { id: call.id || `call_${randomUUID().replaceAll("-", "")}`, name: "", json: "" };
      this.#calls.set(index, open);
    }
    this.#lastIndex = index;
    if (call.function?.name && open.name === "") open.name = call.function.name;
    const args = call.function?.arguments;
    if (typeof args === "string") open.json += args;
    else if (args !== undefined && args !== null) open.json = JSON.stringify(args);
  }

  /** A missing index: a new id or name opens the next call, anything else continues the last one. */
  #indexOf(call: WireCall): number {
    if (typeof call.index === "number") return call.index;
    const last = this.#calls.get(this.#lastIndex);
    const fresh = !last || (call.id && call.id !== last.id) || (call.function?.name && last.json !== "");
    return fresh ? this.#lastIndex + 1 : this.#lastIndex;
  }
}

/** Arguments as JSON; a truncated tail is closed, anything hopeless becomes `{}` and fails validation later. */
export function parseArguments(json: string): Record<string, unknown> {
  for (const candidate of [json, closed(json)]) {
    try {
      const value: unknown = JSON.parse(candidate);
      if (typeof value === "object" && value !== null && !Array.isArray(value)) {
        return value as Record<string, unknown>;
      }
    } catch {
      // The next candidate may parse.
    }
  }
  return {};
}

/** Closes open strings, lists and objects of a cut-off JSON text. */
function closed(json: string): string {
  const open: string[] = [];
  let inText = false;
  let escaped = false;
  for (const char of json) {
    if (escaped) escaped = false;
    else if (char === "\\") escaped = inText;
    else if (char === '"') inText = !inText;
    else if (inText) continue;
    else if (char === "{") open.push("}");
    else if (char === "[") open.push("]");
    else if (char === "}" || char === "]") open.pop();
  }
  const text = `${json}${inText ? '"' : ""}`.replace(/,\s*$/, "");
  return text + open.reverse().join("");
}

function usageOf(usage: NonNullable<WireChunk["usage"]>): Usage {
  const cached = usage.prompt_tokens_details?.cached_tokens ?? 0;
  const prompt = usage.prompt_tokens ?? 0;
  const output = usage.completion_tokens ?? 0;
  return {
    input: Math.max(0, prompt - cached),
    output,
    cacheRead: cached,
    cacheWrite: 0,
    totalTokens: usage.total_tokens ?? prompt + output,
    cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, total: 0 },
  };
}

function messageOf(error: NonNullable<WireChunk["error"]>): string {
  return typeof error === "string" ? error : (error.message ?? "the model server reported an error");
}

function textOf(value: string | null | undefined): string {
  return typeof value === "string" ? value : "";
}
