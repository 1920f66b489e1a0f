import type { AssistantMessage, Message } from "../../contracts/messages.ts";
import type { Clock } from "../../kernel/clock.ts";
import { errorMessage } from "../../kernel/errors.ts";
import type { Logger } from "../../kernel/logger.ts";
import type { HookRunner } from "../../plugins/types.ts";
import type { TurnRequest } from "../../store/records.ts";
import { textOf } from "./transcript-context.ts";
import type { ReadyTurn } from "./turn-parts.ts";

export interface ModelCallFacts {
  hooks: HookRunner;
  logger: Logger;
  clock: Clock;
  ready: ReadyTurn;
  request: TurnRequest;
  sessionId: string;
  callId: string;
}

/** Tells plugins about one model call: `model_call_*` never with content, `llm_*` with it (plugin-sdk spec 4.7). */
export class ModelCallHooks {
  readonly #facts: ModelCallFacts;
  readonly #startedAt: number;
  #firstAt: number | undefined;

  constructor(facts: ModelCallFacts) {
    this.#facts = facts;
    this.#startedAt = facts.clock.monotonic();
  }

  started(messages: readonly Message[]): void {
    const { ready, request, sessionId, hooks } = this.#facts;
    this.#observe("model_call_started", this.#call());
    if (!hooks.has("llm_input")) return;
    const { provider, id: model } = ready.resolved.model;
    this.#observe("llm_input", {
      runId: request.runId,
      sessionId,
      provider,
      model,
      systemPrompt: ready.systemPrompt,
      prompt: ready.prompt,
      historyMessages: [...messages],
      imagesCount: request.images?.length ?? 0,
      tools: ready.tools.tools.map(({ name, description }) => ({ name, description })),
    });
  }

  /** Something of the answer came in. */
  answering(): void {
    this.#firstAt ??= this.#facts.clock.monotonic();
  }

  ended(answer: AssistantMessage): void {
    const { ready, request, sessionId, clock } = this.#facts;
    const failed = answer.stopReason === "error" || answer.stopReason === "aborted";
    const kind = failed ? failureKind(answer) : undefined;
    this.#observe("model_call_ended", {
      ...this.#call(),
      durationMs: Math.round(clock.monotonic() - this.#startedAt),
      outcome: failed ? "error" : "completed",
      ...(answer.errorCode ? { errorCategory: answer.errorCode } : {}),
      ...(kind ? { failureKind: kind } : {}),
      ...(this.#firstAt === undefined
        ? {}
        : { timeToFirstByteMs: Math.round(this.#firstAt - this.#startedAt) }),
    });
    const { input, output, cacheRead, cacheWrite, totalTokens: total } = answer.usage;
    const { provider, id: model } = ready.resolved.model;
    this.#observe("llm_output", {
      runId: request.runId,
      sessionId,
      provider,
      model,
      ...contextBudget(ready.resolved.model),
      resolvedRef: ready.resolved.ref,
      prompt: ready.prompt,
      assistantTexts: [textOf(answer)],
      lastAssistant: answer,
      usage: { input, output, cacheRead, cacheWrite, total },
      reasoningEffort: ready.thinking,
    });
  }

  #call(): Record<string, unknown> {
    const { ready, request, sessionId, callId } = this.#facts;
    const { provider, id: model, api } = ready.resolved.model;
    const { runId, sessionKey } = request;
    return {
      runId,
      callId,
      sessionKey,
      sessionId,
      provider,
      model,
      api,
      ...contextBudget(ready.resolved.model),
    };
  }

  #observe(hook: string, event: object): void {
    const { hooks, logger, ready } = this.#facts;
    if (!hooks.has(hook)) return;
    void hooks
      .run(hook, event, ready.hookContext)
      .catch((error: unknown) => logger.warn("a hook failed", { hook, error: errorMessage(error) }));
  }
}

/** How much a model reads, as hooks are told. */
export function contextBudget(model: { contextWindow?: number }): {
  contextTokenBudget?: number;
  contextWindowSource?: "model";
} {
  return model.contextWindow ? { contextTokenBudget: model.contextWindow, contextWindowSource: "model" } : {};
}

type FailureKind = "aborted" | "connection_closed" | "connection_reset" | "terminated" | "timeout";

function failureKind({
  stopReason,
  errorCode,
  errorMessage: text = "",
}: AssistantMessage): FailureKind | undefined {
  if (stopReason === "aborted") return "aborted";
  if (errorCode === "timeout" || /timed? ?out|ETIMEDOUT/i.test(text)) return "timeout";
  if (/ECONNRESET|connection reset/i.test(text)) return "connection_reset";
  if (/terminated/i.test(text)) return "terminated";
  return /socket hang up|other side closed|connection closed|EPIPE/i.test(text)
    ? "connection_closed"
    : undefined;
}
