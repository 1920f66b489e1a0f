import type { AssistantMessage, Message } from "../../contracts/messages.ts";
import { newUuid } from "../../kernel/ids.ts";
import { clampThinkingLevel } from "../models/thinking.ts";
import { askModel } from "./ask-model.ts";
import { contextBudget, ModelCallHooks } from "./model-call-hooks.ts";
import { isSilentReply, ReplyText } from "./reply-text.ts";
import type { RunningTurn } from "./running-turn.ts";
import { textOf } from "./transcript-context.ts";
import type { TurnLedger } from "./turn-ledger.ts";
import type { ReadyTurn, TurnParts } from "./turn-parts.ts";
import { ABORTED, unlessAborted } from "./unless-aborted.ts";

/** The model of a turn: asking it, showing what it says, and going on with the next one when it fails. */
export class TurnModel {
  readonly #parts: TurnParts;
  readonly #turn: RunningTurn;
  readonly #ledger: TurnLedger;

  constructor(parts: TurnParts, turn: RunningTurn, ledger: TurnLedger) {
    this.#parts = parts;
    this.#turn = turn;
    this.#ledger = ledger;
  }

  /** Tells who listens which model the turn asks from now on. */
  announce({ resolved }: ReadyTurn): void {
    const { provider, id: model } = resolved.model;
    this.#turn.emit("lifecycle", { phase: "model", provider, model });
  }

  /** Asks the model, and those that stand in for it while it says nothing. */
  async ask(ready: ReadyTurn, messages: Message[]): Promise<AssistantMessage> {
    for (;;) {
      const { answer, said } = await this.#askOne(ready, messages);
      const failed = answer.stopReason === "error" && !this.#turn.signal.aborted;
      if (answer.stopReason !== "error" && answer.stopReason !== "aborted") {
        ready.failover.answered(ready.resolved);
      }
      if (!failed) return answer;
      // What was said is not taken back: the next model would say it again in other words.
      if (said) ready.failover.failed(ready.resolved, answer);
      if (said || !(await this.goOnWithNext(ready, answer))) return answer;
    }
  }

  /** Goes on with the next model; `false` when there is none. */
  async goOnWithNext(ready: ReadyTurn, answer: AssistantMessage): Promise<boolean> {
    const { signal } = this.#turn;
    const next = await unlessAborted(signal, ready.failover.after(ready.resolved, answer));
    if (!next || next === ABORTED) return false;
    ready.resolved = next;
    ready.systemPrompt = ready.systemPromptFor(next);
    ready.thinking = clampThinkingLevel(ready.thinking, next.thinking);
    ready.hookContext.modelProviderId = next.model.provider;
    ready.hookContext.modelId = next.model.id;
    Object.assign(ready.hookContext, contextBudget(next.model));
    this.announce(ready);
    return true;
  }

  async #askOne(ready: ReadyTurn, messages: Message[]): Promise<{ answer: AssistantMessage; said: boolean }> {
    const { request, emit, signal, begun } = this.#turn;
    const { resolved } = ready;
    const reply = new ReplyText();
    const itemId = `${request.runId}:${this.#ledger.answers + 1}`;
    const callId = newUuid();
    const { hooks, logger, clock } = this.#parts;
    const { sessionId } = begun.turn;
    const told = new ModelCallHooks({ hooks, logger, clock, ready, request, sessionId, callId });
    let thinking = "";
    let started = false;
    let said = false;
    told.started(messages);
    const answer = await askModel({
      models: this.#parts.models,
      resolved,
      question: {
        systemPrompt: ready.systemPrompt,
        messages: [...messages],
        tools: toolSchemas(ready),
        thinking: ready.thinking,
        options: { sessionId: begun.turn.sessionId, agentId: request.agentId, requestId: callId },
      },
      signal,
      clock: this.#parts.clock,
      onRetry: (retry) =>
        this.#parts.logger.info("a model is asked again", { model: resolved.ref, ...retry }),
      onEvent: (event) => {
        if (!started) {
          started = true;
          told.answering();
          this.#turn.onModelStarted();
        }
        if (event.type !== "start") said = true;
        if (event.type === "text_delta") {
          const delta = reply.add(event.delta);
          if (delta === "") return;
          this.#turn.onText(reply.visible);
          emit("assistant", { text: reply.visible, delta, itemId });
        } else if (event.type === "thinking_delta") {
          thinking += event.delta;
          emit("thinking", { text: thinking, delta: event.delta });
        }
      },
    });
    this.#ledger.addAnswer(answer, resolved.model);
    this.#showRest(answer, reply, itemId);
    told.ended(answer);
    return { answer, said };
  }

  /** Providers may send text only in the final message, or correct it there. */
  #showRest(answer: AssistantMessage, reply: ReplyText, itemId: string): void {
    const text = textOf(answer);
    if (text === reply.visible || text === "" || isSilentReply(text)) return;
    const grown = text.startsWith(reply.visible);
    this.#turn.onText(text);
    this.#turn.emit("assistant", {
      text,
      delta: grown ? text.slice(reply.visible.length) : text,
      itemId,
      ...(grown ? {} : { replace: true }),
    });
  }
}

function toolSchemas({ tools }: ReadyTurn): { name: string; description: string; parameters: object }[] {
  return tools.tools.map(({ name, description, parameters }) => ({ name, description, parameters }));
}
