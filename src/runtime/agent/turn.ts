import type {
  AssistantMessage,
  Message,
  ToolCallPart,
  ToolResultMessage,
  Usage,
} from "../../contracts/messages.ts";
import { emptyUsage } from "../../contracts/messages.ts";
import { errorMessage, isSluiceError } from "../../kernel/errors.ts";
import { newUuid } from "../../kernel/ids.ts";
import type { ApprovalRecord } from "../../store/procedures/approvals.ts";
import type { NewTranscriptEntry } from "../../store/procedures/transcripts.ts";
import type { BegunTurn } from "../../store/procedures/turns.ts";
import type { TurnOutcome, TurnRequest } from "../../store/records.ts";
import { askModel } from "./ask-model.ts";
import { Finalizer } from "./finalize.ts";
import { callsToGoOn, interruptedBatch } from "./interrupted-calls.ts";
import { Invocation } from "./invocation.ts";
import { LoopGuard } from "./loop-guard.ts";
import { writableMessage } from "./message-write.ts";
import { ModelCallHooks } from "./model-call-hooks.ts";
import { isSilentReply, ReplyText } from "./reply-text.ts";
import { runToolBatch } from "./tool-batch.ts";
import type { TurnSource } from "./tool-call.ts";
import { forModel, textOf } from "./transcript-context.ts";
import {
  type HookReply,
  prepareTurn,
  type ReadyTurn,
  senderIsOwner,
  type TurnParts,
} from "./turn-preparation.ts";

/** Model calls one turn may make; a tool loop longer than this is stopped. */
export const MAX_MODEL_CALLS = 200;
/** What the model is told when it answered with nothing. */
export const EMPTY_ANSWER_INSTRUCTION = "Your last answer was empty. Answer the message above, in words.";
export const EMPTY_ANSWER_TEXT = "The model gave no answer. Please try again.";

export type TurnErrorCode =
  | "EMPTY_RESPONSE"
  | "LOOP_DETECTED"
  | "RETRY_LIMIT"
  | "MODEL_FAILED"
  | "TURN_FAILED"
  | "TIMEOUT";

/** A turn that runs: what it was asked and how it talks to its surroundings. */
export interface RunningTurn {
  request: TurnRequest;
  begun: BegunTurn;
  /** Aborts with an `AbortReason`. */
  signal: AbortSignal;
  emit(stream: string, data: Record<string, unknown>): void;
  /** Writes entries at once. */
  record(entries: NewTranscriptEntry[]): Promise<void>;
  /** Visible text of the message in progress. */
  onText(text: string): void;
  /** The model began to answer. */
  onModelStarted(): void;
}

/** Why a turn was stopped from outside. */
export class AbortReason extends Error {
  readonly stopReason: string;

  constructor(stopReason: string) {
    super(`the turn was stopped: ${stopReason}`);
    this.name = "AbortReason";
    this.stopReason = stopReason;
  }
}

/** The end of a turn before it is written. */
export interface TurnEnd {
  outcome: TurnOutcome;
  entries: NewTranscriptEntry[];
  usage: Usage;
  /** A plugin blocked the turn: its message must not stay in the transcript. */
  blocked?: { category?: string };
}

/** Runs one turn to its end. Never rejects: whatever goes wrong is an outcome. */
export async function runTurn(parts: TurnParts, turn: RunningTurn): Promise<TurnEnd> {
  const invocation = new Invocation(turn.signal);
  const run = new TurnRun(parts, turn, invocation);
  try {
    return await run.run();
  } catch (error) {
    if (turn.signal.aborted) return run.aborted(undefined);
    parts.logger.warn("a turn failed", { runId: turn.request.runId, error: errorMessage(error) });
    return run.failed(isSluiceError(error) ? error.code : "TURN_FAILED", errorMessage(error));
  } finally {
    invocation.end();
  }
}

class TurnRun {
  readonly #parts: TurnParts;
  readonly #turn: RunningTurn;
  readonly #invocation: Invocation;
  readonly #startedAt: number;
  readonly #startedMonotonic: number;
  readonly #guard = new LoopGuard();
  readonly #finalizer = new Finalizer();
  #usage = emptyUsage();
  #ready: ReadyTurn | undefined;
  /** Answers of the model in this run so far; numbers their idempotency keys. */
  #answers: number;

  constructor(parts: TurnParts, turn: RunningTurn, invocation: Invocation) {
    this.#parts = parts;
    this.#turn = turn;
    this.#invocation = invocation;
    this.#startedAt = turn.begun.turn.startedAt ?? parts.clock.now();
    this.#startedMonotonic = parts.clock.monotonic();
    this.#answers = lastAnswer(turn.begun.own);
  }

  async run(): Promise<TurnEnd> {
    const { emit, request, begun, signal } = this.#turn;
    emit("run_status", { phase: "preparing_context" });
    emit("lifecycle", { phase: "start", startedAt: this.#startedAt });
    const prepared = await prepareTurn(this.#parts, request, begun, this.#invocation);
    if (signal.aborted) return this.aborted(undefined);
    if (prepared.kind === "reply") return this.#replied(prepared);
    this.#ready = prepared;
    emit("run_status", { phase: "starting_model" });
    emit("lifecycle", {
      phase: "model",
      provider: prepared.resolved.model.provider,
      model: prepared.resolved.model.id,
    });
    const ended = await this.#goOn(prepared);
    return ended ?? this.#loop(prepared);
  }

  /** Calls that waited for an approval when the gateway stopped go on waiting; they have not run. */
  async #goOn(ready: ReadyTurn): Promise<TurnEnd | undefined> {
    const { approvals } = this.#parts;
    const last = approvals && interruptedBatch(this.#turn.begun.own);
    if (!last) return undefined;
    const records = await approvals.unused(this.#turn.request.runId);
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
      const answer = await this.#ask(ready, messages);
      if (answer.stopReason === "aborted" || this.#turn.signal.aborted) return this.aborted(answer);
      if (answer.stopReason === "error") {
        return this.failed(
          answer.errorCode ?? "MODEL_FAILED",
          answer.errorMessage ?? "the model failed",
          answer,
        );
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
        if (retriedEmpty)
          return this.failed("EMPTY_RESPONSE", EMPTY_ANSWER_TEXT, undefined, EMPTY_ANSWER_TEXT);
        retriedEmpty = true;
        messages.push({
          role: "user",
          content: EMPTY_ANSWER_INSTRUCTION,
          timestamp: this.#parts.clock.now(),
        });
        continue;
      }
      const revision = await this.#revision(ready, text, messages);
      if (this.#turn.signal.aborted) return this.aborted(answer);
      if (revision === undefined) return this.#done(answer, text);
      messages.push(answer, { role: "user", content: revision, timestamp: this.#parts.clock.now() });
    }
    return this.failed("RETRY_LIMIT", `the turn made ${MAX_MODEL_CALLS} model calls without an answer`);
  }

  async #ask(ready: ReadyTurn, messages: Message[]): Promise<AssistantMessage> {
    const { request, emit, signal, begun } = this.#turn;
    const { resolved } = ready;
    const reply = new ReplyText();
    const itemId = `${request.runId}:${this.#answers + 1}`;
    const callId = newUuid();
    const { hooks, logger, clock } = this.#parts;
    const { sessionId } = begun.turn;
    const told = new ModelCallHooks({ hooks, logger, clock, ready, request, sessionId, callId });
    let thinking = "";
    let started = false;
    told.started(messages);
    const answer = await askModel({
      models: this.#parts.models,
      resolved,
      question: {
        systemPrompt: ready.systemPrompt,
        messages: [...messages],
        tools: toolSchemas(ready),
        thinking: ready.thinking,
        options: { sessionId: begun.turn.sessionId, requestId: callId },
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
    this.#answers += 1;
    this.#addUsage(answer, ready);
    this.#showRest(answer, reply, itemId);
    told.ended(answer);
    return answer;
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

  async #runTools(
    ready: ReadyTurn,
    answer: AssistantMessage,
    calls: ToolCallPart[],
    messages: Message[],
    asked?: ReadonlyMap<string, ApprovalRecord>,
  ): Promise<TurnEnd | undefined> {
    const { request, begun, signal, emit } = this.#turn;
    // Recorded before anything runs: a restart sees which calls were made.
    if (!asked) await this.#record(this.#answerEntry(answer));
    const batch = await runToolBatch({
      calls,
      tools: ready.tools,
      hooks: this.#parts.hooks,
      registry: this.#parts.registry,
      ...(this.#parts.approvals ? { approvals: this.#parts.approvals } : {}),
      ...(asked ? { asked } : {}),
      batchKey: `${request.runId}:${this.#answers}`,
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
      record: (message) => this.#record(this.#resultEntry(message)),
    });
    messages.push(...batch.messages.map(forModel));
    if (signal.aborted) return this.aborted(undefined);
    if (batch.looping) {
      const text = "The model kept asking for the same thing; the turn was stopped.";
      return this.failed("LOOP_DETECTED", text, undefined, text);
    }
    if (!batch.terminate) return undefined;
    return this.#end(
      "done",
      { message: answer, payloads: visiblePayloads(textOf(answer)), stopReason: "toolUse" },
      [],
    );
  }

  #done(answer: AssistantMessage, text: string): TurnEnd {
    return this.#end(
      "done",
      { message: answer, payloads: visiblePayloads(text), stopReason: answer.stopReason },
      this.#answerEntry(answer),
    );
  }

  /** A hook spoke instead of the model. */
  #replied(reply: HookReply): TurnEnd {
    const message: AssistantMessage = {
      role: "assistant",
      content: reply.text ? [{ type: "text", text: reply.text }] : [],
      api: "plugin",
      provider: "plugin",
      model: reply.blocked ? "before_agent_run" : "before_agent_reply",
      usage: emptyUsage(),
      stopReason: "stop",
      timestamp: this.#parts.clock.now(),
    };
    this.#answers += 1;
    const end = this.#end(
      "done",
      { message, payloads: visiblePayloads(reply.text), stopReason: reply.blocked ? "blocked" : "stop" },
      reply.text ? this.#answerEntry(message) : [],
    );
    return reply.blocked ? { ...end, blocked: reply.blocked } : end;
  }

  aborted(answer: AssistantMessage | undefined): TurnEnd {
    const reason = this.#turn.signal.reason;
    const stopReason = reason instanceof AbortReason ? reason.stopReason : "aborted";
    const partial = answer && textOf(answer).trim() !== "" ? answer : undefined;
    const kept: AssistantMessage | undefined = partial && {
      ...partial,
      content: partial.content.filter((part) => part.type !== "toolCall"),
      stopReason: "aborted",
    };
    const timedOut = stopReason === "timeout";
    const text = "The answer took too long and was stopped.";
    return this.#end(
      "aborted",
      {
        ...(kept ? { message: kept } : {}),
        payloads: timedOut ? [{ text, isError: true }] : [],
        stopReason,
        ...(timedOut ? { error: { code: "TIMEOUT", message: text } } : {}),
      },
      kept ? this.#answerEntry(kept) : [],
    );
  }

  failed(code: string, message: string, answer?: AssistantMessage, shown?: string): TurnEnd {
    const kept: AssistantMessage = {
      role: "assistant",
      api: this.#ready?.resolved.model.api ?? "none",
      provider: this.#ready?.resolved.model.provider ?? "none",
      model: this.#ready?.resolved.model.id ?? "none",
      usage: emptyUsage(),
      ...answer,
      content: (answer?.content ?? []).filter((part) => part.type !== "toolCall"),
      stopReason: "error",
      errorMessage: message,
      errorCode: code,
      timestamp: answer?.timestamp ?? this.#parts.clock.now(),
    };
    if (!answer) this.#answers += 1;
    return this.#end(
      "failed",
      {
        message: kept,
        payloads: [{ text: shown ?? `⚠️ The agent could not answer: ${message}`, isError: true }],
        stopReason: "error",
        error: { code, message },
      },
      this.#answerEntry(kept),
    );
  }

  #end(
    status: TurnOutcome["status"],
    fields: Pick<TurnOutcome, "payloads" | "stopReason" | "message" | "error">,
    entries: NewTranscriptEntry[],
  ): TurnEnd {
    const { request, begun, emit } = this.#turn;
    const endedAt = this.#parts.clock.now();
    const model = this.#ready?.resolved.model;
    emit("lifecycle", {
      phase: "finishing",
      stopReason: fields.stopReason,
      aborted: status === "aborted",
      endedAt,
      ...(fields.error ? { error: fields.error.message } : {}),
    });
    this.#observeEnd(status, fields);
    return {
      usage: this.#usage,
      entries,
      outcome: {
        runId: request.runId,
        sessionKey: request.sessionKey,
        sessionId: begun.turn.sessionId,
        agentId: request.agentId,
        status,
        startedAt: this.#startedAt,
        endedAt,
        ...fields,
        ...(model ? { provider: model.provider, model: model.id } : {}),
        usage: this.#usage,
      },
    };
  }

  async #record(entries: NewTranscriptEntry[]): Promise<void> {
    if (entries.length > 0) await this.#turn.record(entries);
  }

  #answerEntry(message: AssistantMessage): NewTranscriptEntry[] {
    return this.#entry(message, `${this.#turn.request.runId}:assistant:${this.#answers}`);
  }

  #resultEntry(message: ToolResultMessage): NewTranscriptEntry[] {
    return this.#entry(message, `${this.#turn.request.runId}:tool:${this.#answers}:${message.toolCallId}`);
  }

  /** The message as the transcript keeps it; none when a plugin keeps it out. */
  #entry(message: AssistantMessage | ToolResultMessage, idempotencyKey: string): NewTranscriptEntry[] {
    const written = writableMessage(this.#parts.hooks, message, this.#turn.request);
    if (!written) return [];
    const { role, ...rest } = written;
    // `role` first: readers of raw rows tell messages apart by their beginning.
    return [{ entryId: newUuid(), idempotencyKey, body: JSON.stringify({ role, ...rest }) }];
  }

  #addUsage(answer: AssistantMessage, ready: ReadyTurn): void {
    const usage = priced(answer.usage ?? emptyUsage(), ready.resolved.model.cost);
    answer.usage = usage;
    this.#usage = sum(this.#usage, usage);
    this.#turn.emit("usage", {
      outputTokens: usage.output,
      usage,
      provider: ready.resolved.model.provider,
      model: ready.resolved.model.id,
    });
  }

  #observeEnd(
    status: TurnOutcome["status"],
    fields: { error?: { message: string }; message?: AssistantMessage },
  ): void {
    if (!this.#ready) return;
    if (status === "done" && this.#parts.contextEngines && fields.message) {
      const asked = this.#ready.messages.slice(this.#ready.history.length);
      void this.#parts.contextEngines.settled(this.#ready.engineTurn, [...asked, fields.message]);
    }
    this.#observe("agent_end", this.#ready, {
      runId: this.#turn.request.runId,
      messages: [...this.#ready.messages, ...(fields.message ? [fields.message] : [])],
      success: status === "done",
      ...(fields.error ? { error: fields.error.message } : {}),
      durationMs: Math.round(this.#parts.clock.monotonic() - this.#startedMonotonic),
    });
  }

  #observe(hook: string, ready: ReadyTurn, event: object): void {
    const { hooks, logger } = this.#parts;
    if (!hooks.has(hook)) return;
    void hooks
      .run(hook, event, ready.hookContext)
      .catch((error: unknown) => logger.warn("a hook failed", { hook, error: errorMessage(error) }));
  }
}

function toolSchemas({ tools }: ReadyTurn): { name: string; description: string; parameters: object }[] {
  return tools.tools.map(({ name, description, parameters }) => ({ name, description, parameters }));
}

/** The number of the newest recorded answer of a run; answers that were not kept have none. */
function lastAnswer(own: BegunTurn["own"]): number {
  const numbers = own.map(({ idempotencyKey }) =>
    Number(/:assistant:(\d+)$/.exec(idempotencyKey ?? "")?.[1] ?? 0),
  );
  return Math.max(0, ...numbers);
}

/** Who asked for the turn, for policies. */
function requesterOf(request: TurnRequest): {
  channel?: string;
  accountId?: string;
  senderId?: string;
  senderIsOwner: boolean;
} {
  const senderId = request.context?.["senderId"];
  return {
    ...(request.deliver ? { channel: request.deliver.channel, accountId: request.deliver.accountId } : {}),
    ...(typeof senderId === "string" ? { senderId } : {}),
    senderIsOwner: senderIsOwner(request),
  };
}

/** The chat where a question of the turn is shown. */
function turnSourceOf({ deliver }: TurnRequest): TurnSource {
  if (!deliver) return {};
  return {
    turnSourceChannel: deliver.channel,
    turnSourceAccountId: deliver.accountId,
    turnSourceTo: deliver.to,
    ...(deliver.threadId === undefined ? {} : { turnSourceThreadId: deliver.threadId }),
  };
}

function visiblePayloads(text: string): { text: string }[] {
  const trimmed = text.trim();
  return trimmed === "" || isSilentReply(trimmed) ? [] : [{ text: trimmed }];
}

/** Costs from the model's prices per million tokens, unless the provider stated them. */
function priced(usage: Usage, prices: ReadyTurn["resolved"]["model"]["cost"]): Usage {
  if (!prices || usage.cost.total > 0) return usage;
  const input = (usage.input * prices.input) / 1_000_000;
  const output = (usage.output * prices.output) / 1_000_000;
  const cacheRead = (usage.cacheRead * prices.cacheRead) / 1_000_000;
  const cacheWrite = (usage.cacheWrite * prices.cacheWrite) / 1_000_000;
  return {
    ...usage,
    cost: { input, output, cacheRead, cacheWrite, total: input + output + cacheRead + cacheWrite },
  };
}

function sum(a: Usage, b: Usage): Usage {
  return {
    input: a.input + b.input,
    output: a.output + b.output,
    cacheRead: a.cacheRead + b.cacheRead,
    cacheWrite: a.cacheWrite + b.cacheWrite,
    totalTokens: a.totalTokens + b.totalTokens,
    cost: {
      input: a.cost.input + b.cost.input,
      output: a.cost.output + b.cost.output,
      cacheRead: a.cost.cacheRead + b.cost.cacheRead,
      cacheWrite: a.cost.cacheWrite + b.cost.cacheWrite,
      total: a.cost.total + b.cost.total,
    },
  };
}
