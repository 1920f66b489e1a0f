import type { AssistantMessage, StopReason } from "../../contracts/messages.ts";
import { emptyUsage } from "../../contracts/messages.ts";
import type {
  AssistantMessageEvent,
  ModelContext,
  ModelDefinition,
  StreamFn,
  StreamOptions,
} from "../../contracts/model-stream.ts";
import type { Clock } from "../../kernel/clock.ts";
import { errorMessage } from "../../kernel/errors.ts";

/** After an abort a stream has this long to end before it is left behind (spec 3.5). */
export const ABORT_GRACE_MS = 10_000;

export interface ModelCall {
  model: ModelDefinition;
  stream: StreamFn;
  context: ModelContext;
  options: StreamOptions;
  /** Ends the call; the text so far is kept. */
  signal: AbortSignal;
  idleTimeoutMs: number;
  clock: Clock;
  onEvent(event: AssistantMessageEvent): void;
}

/**
 * Asks a model once and gives its message. Never rejects: a failing provider, a silent one and an abort
 * all end in a message with `stopReason` `error` or `aborted` that keeps what was said.
 */
export async function callModel(call: ModelCall): Promise<AssistantMessage> {
  const partial = new PartialMessage(call.model, call.clock.now());
  const stop = new AbortController();
  let ended = false;
  let reason: "aborted" | "idle" | undefined;
  let lastEventAt = call.clock.monotonic();
  const disposals: (() => void)[] = [];

  const given = new Promise<AssistantMessage>((resolve) => {
    const giveUp = (why: "aborted" | "idle") => {
      if (reason) return;
      reason = why;
      stop.abort(new Error(why === "idle" ? "the model stopped answering" : "the turn was aborted"));
      // A well-behaved stream ends itself at once; its own last words are preferred.
      const grace = call.clock.after(why === "idle" ? 0 : ABORT_GRACE_MS, () =>
        resolve(cutOff(partial, why, call)),
      );
      disposals.push(() => void grace.dispose());
    };
    const onAbort = () => giveUp("aborted");
    if (call.signal.aborted) onAbort();
    else {
      call.signal.addEventListener("abort", onAbort, { once: true });
      disposals.push(() => call.signal.removeEventListener("abort", onAbort));
    }
    const watch = (delayMs: number) => {
      const timer = call.clock.after(delayMs, () => {
        const silentMs = call.clock.monotonic() - lastEventAt;
        if (silentMs >= call.idleTimeoutMs) giveUp("idle");
        else watch(call.idleTimeoutMs - silentMs);
      });
      disposals.push(() => void timer.dispose());
    };
    if (call.idleTimeoutMs > 0) watch(call.idleTimeoutMs);
  });

  const consumed = (async (): Promise<AssistantMessage> => {
    try {
      const stream = await call.stream(call.model, call.context, { ...call.options, signal: stop.signal });
      for await (const event of stream) {
        if (ended) break;
        lastEventAt = call.clock.monotonic();
        if (event.type === "done") return complete(event.message, event.reason, partial);
        if (event.type === "error") return failed(event.error, event.reason, partial, reason);
        partial.apply(event);
        call.onEvent(event);
      }
      return cutOff(partial, reason ?? "ended", call);
    } catch (error) {
      return partial.finish(reason === "aborted" ? "aborted" : "error", errorMessage(error));
    }
  })();

  const message = await Promise.race([consumed, given]);
  ended = true;
  for (const dispose of disposals) dispose();
  if (!reason && message.stopReason === "error") return message;
  return reason === "idle" ? { ...message, stopReason: "error", ...idleError(call) } : message;
}

function idleError(call: ModelCall): { errorMessage: string; errorCode: string } {
  return {
    errorMessage: `the model sent nothing for ${Math.round(call.idleTimeoutMs / 1_000)} s`,
    errorCode: "timeout",
  };
}

function cutOff(
  partial: PartialMessage,
  why: "aborted" | "idle" | "ended",
  call: ModelCall,
): AssistantMessage {
  if (why === "aborted") return partial.finish("aborted");
  if (why === "idle") return { ...partial.finish("error"), ...idleError(call) };
  return partial.finish("error", "the provider ended its stream without a final message");
}

function complete(
  message: AssistantMessage,
  reason: "stop" | "length" | "toolUse",
  partial: PartialMessage,
): AssistantMessage {
  const content = message.content?.length > 0 ? message.content : partial.content();
  return { ...partial.finish(reason), ...message, content, stopReason: message.stopReason ?? reason };
}

function failed(
  message: AssistantMessage,
  reason: "error" | "aborted",
  partial: PartialMessage,
  stopped: "aborted" | "idle" | undefined,
): AssistantMessage {
  const content = message.content?.length > 0 ? message.content : partial.content();
  const stopReason: StopReason =
    stopped === "aborted" || (reason === "aborted" && !stopped) ? "aborted" : "error";
  return { ...partial.finish(stopReason), ...message, content, stopReason };
}

type Block = { type: "text" | "thinking"; text: string } | { type: "toolCall"; call: ToolCall | undefined };
type ToolCall = Extract<AssistantMessage["content"][number], { type: "toolCall" }>;

/** Rebuilds the message from deltas, so that providers need not send `partial`. */
class PartialMessage {
  readonly #model: ModelDefinition;
  readonly #startedAt: number;
  readonly #blocks = new Map<number, Block>();

  constructor(model: ModelDefinition, startedAt: number) {
    this.#model = model;
    this.#startedAt = startedAt;
  }

  apply(event: AssistantMessageEvent): void {
    switch (event.type) {
      case "text_delta":
        this.#textBlock(event.contentIndex, "text").text += event.delta;
        break;
      case "thinking_delta":
        this.#textBlock(event.contentIndex, "thinking").text += event.delta;
        break;
      case "text_end":
        this.#textBlock(event.contentIndex, "text").text = event.content;
        break;
      case "thinking_end":
        this.#textBlock(event.contentIndex, "thinking").text = event.content;
        break;
      case "toolcall_end":
        this.#blocks.set(event.contentIndex, { type: "toolCall", call: event.toolCall });
        break;
      default:
    }
  }

  /** What was said so far; a tool call that was cut off is left out, its arguments are not whole. */
  content(): AssistantMessage["content"] {
    const parts: AssistantMessage["content"] = [];
    const inOrder = [...this.#blocks].sort(([a], [b]) => a - b);
    for (const [, block] of inOrder) {
      if (block.type === "text" && block.text) parts.push({ type: "text", text: block.text });
      if (block.type === "thinking" && block.text) parts.push({ type: "thinking", thinking: block.text });
      if (block.type === "toolCall" && block.call) parts.push(block.call);
    }
    return parts;
  }

  finish(stopReason: StopReason, message?: string): AssistantMessage {
    const parts = this.content();
    return {
      role: "assistant",
      // A cut-off message starts no tools.
      content:
        stopReason === "error" || stopReason === "aborted"
          ? parts.filter((part) => part.type !== "toolCall")
          : parts,
      api: this.#model.api,
      provider: this.#model.provider,
      model: this.#model.id,
      usage: emptyUsage(),
      stopReason,
      ...(message === undefined ? {} : { errorMessage: message }),
      timestamp: this.#startedAt,
    };
  }

  #textBlock(index: number, type: "text" | "thinking"): { text: string } {
    const block = this.#blocks.get(index);
    if (block?.type === type) return block;
    const fresh = { type, text: "" };
    this.#blocks.set(index, fresh);
    return fresh;
  }
}
