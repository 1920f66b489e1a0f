import { type AssistantMessage, emptyUsage } from "../../contracts/messages.ts";
import { errorMessage } from "../../kernel/errors.ts";
import type { NewTranscriptEntry } from "../../store/procedures/transcripts.ts";
import type { TurnOutcome } from "../../store/records.ts";
import { attemptedModel } from "./failover.ts";
import { isSilentReply } from "./reply-text.ts";
import { AbortReason, type RunningTurn, type TurnEnd } from "./running-turn.ts";
import { textOf } from "./transcript-context.ts";
import type { TurnLedger } from "./turn-ledger.ts";
import type { HookReply, ReadyTurn, TurnParts } from "./turn-parts.ts";

/** The ways in which a turn ends; each is announced, and told to plugins once the model was asked. */
export class TurnOutcomes {
  readonly #parts: TurnParts;
  readonly #turn: RunningTurn;
  readonly #ledger: TurnLedger;
  readonly #startedAt: number;
  readonly #startedMonotonic: number;
  #ready: ReadyTurn | undefined;

  constructor(parts: TurnParts, turn: RunningTurn, ledger: TurnLedger) {
    this.#parts = parts;
    this.#turn = turn;
    this.#ledger = ledger;
    this.#startedAt = turn.begun.turn.startedAt ?? parts.clock.now();
    this.#startedMonotonic = parts.clock.monotonic();
  }

  get startedAt(): number {
    return this.#startedAt;
  }

  /** The model is about to be asked. */
  prepared(ready: ReadyTurn): void {
    this.#ready = ready;
  }

  done(answer: AssistantMessage, text: string): TurnEnd {
    const payloads = visiblePayloads(text);
    const notice = payloads.length > 0 ? this.#fallbackNotice() : undefined;
    if (notice !== undefined) payloads.unshift({ text: notice, isFallbackNotice: true });
    return this.#end(
      "done",
      { message: answer, payloads, stopReason: answer.stopReason },
      this.#ledger.answerEntry(answer),
    );
  }

  /** Every tool of the last answer asked to end the turn. */
  ended(answer: AssistantMessage): TurnEnd {
    return this.#end(
      "done",
      { message: answer, payloads: visiblePayloads(textOf(answer)), stopReason: "toolUse" },
      [],
    );
  }

  /** A hook spoke instead of the model. */
  replied(reply: HookReply): TurnEnd {
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
    this.#ledger.countAnswer();
    const end = this.#end(
      "done",
      {
        message,
        payloads: visiblePayloads(reply.text, reply.mediaUrls),
        stopReason: reply.blocked ? "blocked" : "stop",
      },
      reply.text ? this.#ledger.answerEntry(message) : [],
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
      kept ? this.#ledger.answerEntry(kept) : [],
    );
  }

  failed(code: string, given: string, answer?: AssistantMessage, shown?: string): TurnEnd {
    // Servers repeat what they were sent, and this goes to whoever asked.
    const message = this.#parts.logger.redact(given);
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
    if (!answer) this.#ledger.countAnswer();
    return this.#end(
      "failed",
      {
        message: kept,
        payloads: [{ text: shown ?? `⚠️ The agent could not answer: ${message}`, isError: true }],
        stopReason: "error",
        error: { code, message },
      },
      this.#ledger.answerEntry(kept),
    );
  }

  /** Once per change: not while the session's turns go on being answered by the same stand-in. */
  #fallbackNotice(): string | undefined {
    const ready = this.#ready;
    const first = ready?.failover.attempts[0];
    if (!ready || !first) return undefined;
    const { provider, id } = ready.resolved.model;
    // The next sign-in with the same model is no change that anybody would see.
    if (first.provider === provider && first.model === id) return undefined;
    const { modelProvider, model } = this.#turn.begun.session.entry;
    if (modelProvider === provider && model === id) return undefined;
    return `↪️ ${attemptedModel(first)} did not answer (${first.reason}); ${provider}/${id} answers instead.`;
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
    const profileId = this.#ready?.resolved.profile?.profileId;
    const isPinned = begun.session.entry["authProfileOverrideSource"] === "user";
    return {
      usage: this.#ledger.usage,
      // Providers keep what they have read for a sign-in; a user's choice is not overwritten (spec 2.6).
      ...(status === "done" && profileId !== undefined && !isPinned ? { authProfile: profileId } : {}),
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
        usage: this.#ledger.usage,
      },
    };
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

function visiblePayloads(text: string, mediaUrls: readonly string[] = []): TurnOutcome["payloads"] {
  const trimmed = text.trim();
  const files = mediaUrls.length > 0 ? { mediaUrls: [...mediaUrls] } : undefined;
  if (trimmed === "" || isSilentReply(trimmed)) return files ? [{ text: "", ...files }] : [];
  return [{ text: trimmed, ...files }];
}
