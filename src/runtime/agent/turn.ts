import type { AssistantMessage, Message, ToolCallPart } from "../../contracts/messages.ts";
import { errorMessage, isSluiceError } from "../../kernel/errors.ts";
import type { ApprovalRecord } from "../../store/procedures/approvals.ts";
import { Finalizer } from "./finalize.ts";
import { callsToGoOn, interruptedBatch } from "./interrupted-calls.ts";
import { Invocation } from "./invocation.ts";
import { LoopGuard } from "./loop-guard.ts";
import type { RunningTurn, TurnEnd } from "./running-turn.ts";
import { runToolBatch } from "./tool-batch.ts";
import { forModel, textOf } from "./transcript-context.ts";
import { requesterOf, turnSourceOf } from "./turn-facts.ts";
import { TurnLedger } from "./turn-ledger.ts";
import { TurnModel } from "./turn-model.ts";
import { TurnOutcomes } from "./turn-outcomes.ts";
import type { ReadyTurn, TurnParts } from "./turn-parts.ts";
import { prepareTurn } from "./turn-preparation.ts";
import { ABORTED, unlessAborted } from "./unless-aborted.ts";

/** Model calls one turn may make; a tool loop longer than this is stopped. */
export const MAX_MODEL_CALLS = 200;
/** What the model is told when it answered with nothing. */
export const EMPTY_ANSWER_INSTRUCTION = "Your last answer was empty. Answer the message above, in words.";
export const EMPTY_ANSWER_TEXT = "The model gave no answer. Please try again.";

/** Runs one turn to its end. Never rejects: whatever goes wrong is an outcome. */
export async function runTurn(parts: TurnParts, turn: RunningTurn): Promise<TurnEnd> {
  const invocation = new Invocation(turn.signal);
  const run = new TurnRun(parts, turn, invocation);
  try {
    return await run.run();
  } catch (error) {
    if (turn.signal.aborted) return run.outcomes.aborted(undefined);
    parts.logger.warn("a turn failed", { runId: turn.request.runId, error: errorMessage(error) });
    return run.outcomes.failed(isSluiceError(error) ? error.code : "TURN_FAILED", errorMessage(error));
  } finally {
    invocation.end();
  }
}

class TurnRun {
  readonly #parts: TurnParts;
  readonly #turn: RunningTurn;
  readonly #invocation: Invocation;
  readonly #ledger: TurnLedger;
  readonly #model: TurnModel;
  readonly #outcomes: TurnOutcomes;
  readonly #guard = new LoopGuard();
  readonly #finalizer = new Finalizer();

  constructor(parts: TurnParts, turn: RunningTurn, invocation: Invocation) {
    this.#parts = parts;
    this.#turn = turn;
    this.#invocation = invocation;
    this.#ledger = new TurnLedger(parts.hooks, turn);
    this.#model = new TurnModel(parts, turn, this.#ledger);
    this.#outcomes = new TurnOutcomes(parts, turn, this.#ledger);
  }

  get outcomes(): TurnOutcomes {
    return this.#outcomes;
  }

  async run(): Promise<TurnEnd> {
    const { emit, request, begun, signal } = this.#turn;
    emit("run_status", { phase: "preparing_context" });
    emit("lifecycle", { phase: "start", startedAt: this.#outcomes.startedAt });
    const preparing = prepareTurn(this.#parts, request, begun, this.#invocation);
    const prepared = await unlessAborted(signal, preparing);
    if (prepared === ABORTED || signal.aborted) return this.#outcomes.aborted(undefined);
    if (prepared.kind === "reply") return this.#outcomes.replied(prepared);
    this.#outcomes.prepared(prepared);
    emit("run_status", { phase: "starting_model" });
    this.#model.announce(prepared);
    const ended = await this.#goOn(prepared);
    return ended ?? this.#loop(prepared);
  }

  /** Calls that waited for an approval when the gateway stopped go on waiting; they have not run. */
  async #goOn(ready: ReadyTurn): Promise<TurnEnd | undefined> {
    const { approvals } = this.#parts;
    const last = approvals && interruptedBatch(this.#turn.begun.own);
    if (!last) return undefined;
    // Models may name calls of different answers alike; only questions of this answer count.
    const records = (await approvals.unused(this.#turn.request.runId)).filter(
      ({ createdAt }) => createdAt >= last.recordedAt,
    );
    const calls = callsToGoOn(last, records);
    if (calls.length === 0) return undefined;
    // The model has answered already, so this start is not stuck before it.
    this.#turn.onModelStarted();
    const asked = new Map(records.flatMap((one) => (one.toolCallId ? [[one.toolCallId, one]] : [])));
    const end = await this.#runTools(ready, last.answer, calls, ready.messages, asked);
    // The new results take the place of those that stood in for them.
    const ids = new Set(calls.map(({ id }) => id));
    const own = ready.messages.findLastIndex((message) => message.role === "assistant");
    const rest = ready.messages.splice(own + 1);
    const fresh = rest.slice(-calls.length);
    const kept = rest
      .slice(0, -calls.length)
      .filter((message) => message.role !== "toolResult" || !ids.has(message.toolCallId));
    ready.messages.push(...kept, ...fresh);
    return end;
  }

  async #loop(ready: ReadyTurn): Promise<TurnEnd> {
    const messages = ready.messages;
    let retriedEmpty = false;
    for (let calls = 0; calls < MAX_MODEL_CALLS; calls++) {
      const answer = await this.#model.ask(ready, messages);
      if (answer.stopReason === "aborted" || this.#turn.signal.aborted) return this.#outcomes.aborted(answer);
      if (answer.stopReason === "error") {
        const { code, message } = ready.failover.failure(answer);
        return this.#outcomes.failed(code, message, answer);
      }
      const toolCalls = answer.content.filter((part) => part.type === "toolCall");
      if (toolCalls.length > 0) {
        messages.push(answer);
        const next = await this.#runTools(ready, answer, toolCalls, messages);
        if (next) return next;
        continue;
      }
      const text = textOf(answer).trim();
      if (text === "" && this.#turn.request.context?.["silenceAllowed"] !== true) {
        if (retriedEmpty) {
          const empty = { ...answer, errorCode: "empty_response", errorMessage: EMPTY_ANSWER_TEXT };
          if (await this.#model.goOnWithNext(ready, empty)) continue;
          return this.#outcomes.failed("EMPTY_RESPONSE", EMPTY_ANSWER_TEXT, undefined, EMPTY_ANSWER_TEXT);
        }
        retriedEmpty = true;
        messages.push({
          role: "user",
          content: EMPTY_ANSWER_INSTRUCTION,
          timestamp: this.#parts.clock.now(),
        });
        continue;
      }
      const revision = await unlessAborted(this.#turn.signal, this.#revision(ready, text, messages));
      if (revision === ABORTED || this.#turn.signal.aborted) return this.#outcomes.aborted(answer);
      if (revision === undefined) return this.#outcomes.done(answer, text);
      messages.push(answer, { role: "user", content: revision, timestamp: this.#parts.clock.now() });
    }
    return this.#outcomes.failed(
      "RETRY_LIMIT",
      `the turn made ${MAX_MODEL_CALLS} model calls without an answer`,
    );
  }

  #revision(ready: ReadyTurn, text: string, messages: Message[]): Promise<string | undefined> {
    const { request, begun } = this.#turn;
    const { provider, id: model } = ready.resolved.model;
    const event = {
      runId: request.runId,
      sessionKey: request.sessionKey,
      sessionId: begun.turn.sessionId,
      turnId: request.runId,
      ...(ready.hookContext.workspaceDir ? { cwd: ready.hookContext.workspaceDir } : {}),
      provider,
      model,
      lastAssistantMessage: text,
      messages,
    };
    return this.#finalizer.revision(this.#parts, event, ready.hookContext);
  }

  async #runTools(
    ready: ReadyTurn,
    answer: AssistantMessage,
    calls: ToolCallPart[],
    messages: Message[],
    asked?: ReadonlyMap<string, ApprovalRecord>,
  ): Promise<TurnEnd | undefined> {
    const { request, begun, signal, emit } = this.#turn;
    // Recorded before anything runs: a restart sees which calls were made.
    if (!asked) await this.#ledger.record(this.#ledger.answerEntry(answer));
    const batch = await runToolBatch({
      calls,
      tools: ready.tools,
      hooks: this.#parts.hooks,
      registry: this.#parts.registry,
      ...(this.#parts.approvals ? { approvals: this.#parts.approvals } : {}),
      ...(asked ? { asked } : {}),
      batchKey: `${request.runId}:${this.#ledger.answers}`,
      turnSource: turnSourceOf(request),
      hookContext: {
        runId: request.runId,
        agentId: request.agentId,
        sessionKey: request.sessionKey,
        sessionId: begun.turn.sessionId,
        ...(request.deliver ? { channelId: request.deliver.channel } : {}),
        requester: requesterOf(request),
        ...(this.#parts.extensions
          ? { getSessionExtension: this.#parts.extensions.readerFor(begun.session) }
          : {}),
      },
      guard: this.#guard,
      contextWindow: ready.resolved.model.contextWindow ?? 0,
      signal,
      clock: this.#parts.clock,
      logger: this.#parts.logger,
      emit: (data) => emit("tool", data),
      record: (message) => this.#ledger.record(this.#ledger.resultEntry(message)),
    });
    messages.push(...batch.messages.map(forModel));
    if (signal.aborted) return this.#outcomes.aborted(undefined);
    if (batch.looping) {
      const text = "The model kept asking for the same thing; the turn was stopped.";
      return this.#outcomes.failed("LOOP_DETECTED", text, undefined, text);
    }
    return batch.terminate ? this.#outcomes.ended(answer) : undefined;
  }
}
