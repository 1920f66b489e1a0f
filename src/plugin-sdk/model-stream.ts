import type { AssistantMessage, ToolCallPart, Usage } from "../contracts/messages.ts";
import { emptyUsage } from "../contracts/messages.ts";
import type {
  AssistantMessageEvent,
  AssistantMessageEventStream,
  ModelDefinition,
} from "../contracts/model-stream.ts";

export type * from "../contracts/messages.ts";
export type * from "../contracts/model-stream.ts";
export type {
  ProviderCatalogContext,
  ProviderConfig,
  ProviderPlugin,
  ProviderStreamContext,
} from "../contracts/provider.ts";
export {
  askModelServer,
  listModelIds,
  type ModelPost,
  type ModelServerQuestion,
  postToModel,
} from "./streaming/model-request.ts";
export { connectionFailure, failureOf, RequestFailure } from "./streaming/request-failure.ts";
export { MAX_ANSWER_CHARS, readDataLines } from "./streaming/server-sent-events.ts";
export { emptyUsage };

/** Tool calls and blocks one answer may hold; a stream that sends more is broken. */
export const MAX_STREAM_BLOCKS = 512;

/**
 * Builds a model's answer piece by piece: each call returns the events to send for it, in the order the
 * stream protocol wants (spec 2.7).
 *
 * @example
 * const answer = new AnswerBuilder(model);
 * yield answer.start();
 * yield* answer.text("Hello");
 * yield* answer.done("stop");
 */
export class AnswerBuilder {
  readonly #message: AssistantMessage;
  #open: { type: "text" | "thinking"; index: number } | undefined;

  constructor(model: Pick<ModelDefinition, "api" | "provider" | "id">, timestamp = Date.now()) {
    this.#message = {
      role: "assistant",
      content: [],
      api: model.api,
      provider: model.provider,
      model: model.id,
      usage: emptyUsage(),
      stopReason: "stop",
      timestamp,
    };
  }

  /** The message so far; do not change it. */
  get message(): AssistantMessage {
    return this.#message;
  }

  get isEmpty(): boolean {
    return this.#message.content.length === 0;
  }

  /** Facts about the answer: response id, model name, usage. */
  note(facts: Partial<Pick<AssistantMessage, "responseId" | "responseModel">> & { usage?: Usage }): void {
    Object.assign(this.#message, facts);
  }

  start(): AssistantMessageEvent {
    return { type: "start", partial: this.#message };
  }

  *text(delta: string): Generator<AssistantMessageEvent> {
    if (delta === "") return;
    const index = yield* this.#block("text");
    const part = this.#message.content[index];
    if (part?.type === "text") part.text += delta;
    yield { type: "text_delta", contentIndex: index, delta };
  }

  *thinking(delta: string): Generator<AssistantMessageEvent> {
    if (delta === "") return;
    const index = yield* this.#block("thinking");
    const part = this.#message.content[index];
    if (part?.type === "thinking") part.thinking += delta;
    yield { type: "thinking_delta", contentIndex: index, delta };
  }

  /** What proves the open thinking to the model that sees it again. */
  signThinking(signature: string): void {
    const part = this.#open ? this.#message.content[this.#open.index] : undefined;
    if (part?.type === "thinking") part.thinkingSignature = `${part.thinkingSignature ?? ""}${signature}`;
  }

  /** Thinking that only the model itself can read; it is kept to be shown to it again. */
  *redactedThinking(data: string): Generator<AssistantMessageEvent> {
    yield* this.#close();
    if (this.#message.content.length >= MAX_STREAM_BLOCKS) return;
    const contentIndex = this.#message.content.length;
    this.#message.content.push({ type: "thinking", thinking: "", thinkingSignature: data, redacted: true });
    yield { type: "thinking_start", contentIndex };
    yield { type: "thinking_end", contentIndex, content: "" };
  }

  /** A whole tool call. */
  *toolCall(call: Omit<ToolCallPart, "type">): Generator<AssistantMessageEvent> {
    yield* this.#close();
    if (this.#message.content.length >= MAX_STREAM_BLOCKS) return;
    const contentIndex = this.#message.content.length;
    const toolCall: ToolCallPart = { type: "toolCall", ...call };
    this.#message.content.push(toolCall);
    yield { type: "toolcall_start", contentIndex };
    yield { type: "toolcall_delta", contentIndex, delta: JSON.stringify(call.arguments) };
    yield { type: "toolcall_end", contentIndex, toolCall };
  }

  *done(reason: "stop" | "length" | "toolUse"): Generator<AssistantMessageEvent> {
    yield* this.#close();
    this.#message.stopReason = reason;
    yield { type: "done", reason, message: this.#message };
  }

  *fail(
    reason: "error" | "aborted",
    errorMessage?: string,
    errorCode?: string,
  ): Generator<AssistantMessageEvent> {
    yield* this.#close();
    this.#message.stopReason = reason;
    if (errorMessage !== undefined) this.#message.errorMessage = errorMessage;
    if (errorCode !== undefined) this.#message.errorCode = errorCode;
    yield { type: "error", reason, error: this.#message };
  }

  *#block(type: "text" | "thinking"): Generator<AssistantMessageEvent, number> {
    if (this.#open?.type === type) return this.#open.index;
    yield* this.#close();
    const index = this.#message.content.length;
    this.#message.content.push(type === "text" ? { type, text: "" } : { type, thinking: "" });
    this.#open = { type, index };
    yield type === "text"
      ? { type: "text_start", contentIndex: index }
      : { type: "thinking_start", contentIndex: index };
    return index;
  }

  *#close(): Generator<AssistantMessageEvent> {
    const open = this.#open;
    if (!open) return;
    this.#open = undefined;
    const part = this.#message.content[open.index];
    if (part?.type === "text") yield { type: "text_end", contentIndex: open.index, content: part.text };
    if (part?.type === "thinking") {
      yield { type: "thinking_end", contentIndex: open.index, content: part.thinking };
    }
  }
}

/**
 * Turns a generator of events into the stream a `StreamFn` returns. Whatever the generator throws becomes
 * the one terminal `error` event: `aborted` when `signal` has aborted, `error` otherwise.
 */
export function answerStream(
  answer: AnswerBuilder,
  events: () => AsyncIterable<AssistantMessageEvent>,
  signal?: AbortSignal,
): AssistantMessageEventStream {
  let settle: (message: AssistantMessage) => void = () => {};
  const result = new Promise<AssistantMessage>((resolve) => {
    settle = resolve;
  });
  async function* guarded(): AsyncGenerator<AssistantMessageEvent> {
    let ended = false;
    try {
      for await (const event of events()) {
        ended = event.type === "done" || event.type === "error";
        yield event;
        if (ended) break;
      }
      if (!ended) yield* answer.fail("error", "the model's stream ended without a final message");
    } catch (error) {
      if (!ended) {
        const aborted = signal?.aborted === true;
        const { code } = error as { code?: unknown };
        yield* answer.fail(
          aborted ? "aborted" : "error",
          error instanceof Error ? error.message : String(error),
          typeof code === "string" ? code : undefined,
        );
      }
    } finally {
      settle(answer.message);
    }
  }
  const iterable = guarded();
  return { [Symbol.asyncIterator]: () => iterable, result: () => result };
}
