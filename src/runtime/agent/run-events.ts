import type { Clock } from "../../kernel/clock.ts";
import type { Disposable } from "../../kernel/disposable.ts";
import { Emitter } from "../../kernel/emitter.ts";
import { errorMessage } from "../../kernel/errors.ts";
import type { Logger } from "../../kernel/logger.ts";
import type { TranscriptRecord } from "../../store/procedures/transcripts.ts";
import type { TurnOutcome } from "../../store/records.ts";
import type { Run } from "./open-runs.ts";
import type { AgentEvent, TranscriptUpdate } from "./types.ts";

/** Tells the rooms above what happens in turns. */
export class RunEvents {
  readonly #clock: Clock;
  readonly #events: Emitter<AgentEvent>;
  readonly #finished: Emitter<TurnOutcome>;
  readonly #transcript: Emitter<TranscriptUpdate>;

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    const complain = (error: unknown) =>
      logger.warn("a listener of agent events failed", { error: errorMessage(error) });
    this.#events = new Emitter(complain);
    this.#finished = new Emitter(complain);
    this.#transcript = new Emitter(complain);
  }

  onEvent(listener: (event: AgentEvent) => void): Disposable {
    return this.#events.on(listener);
  }

  onFinished(listener: (outcome: TurnOutcome) => void): Disposable {
    return this.#finished.on(listener);
  }

  onTranscript(listener: (update: TranscriptUpdate) => void): Disposable {
    return this.#transcript.on(listener);
  }

  emit(run: Run, stream: string, data: Record<string, unknown>): void {
    if (!run.abandoned) this.#events.emit(this.#next(run, stream, data));
  }

  /** The one terminal event of a run, to be sent once its end is committed. The run takes no other any more. */
  endOf(run: Run, outcome: TurnOutcome): AgentEvent {
    run.ending = true;
    return this.#next(run, "lifecycle", endData(outcome));
  }

  /** The same event for another outcome: the turn had ended before. */
  reworded(event: AgentEvent, outcome: TurnOutcome): AgentEvent {
    return { ...event, data: endData(outcome) };
  }

  /** Sends a terminal event. */
  end(run: Run, event: AgentEvent): void {
    if (!run.abandoned) this.#events.emit(event);
  }

  #next(run: Run, stream: string, data: Record<string, unknown>): AgentEvent {
    run.seq += 1;
    return {
      runId: run.runId,
      seq: run.seq,
      ts: this.#clock.now(),
      sessionKey: run.sessionKey,
      sessionId: run.sessionId,
      agentId: run.agentId,
      stream,
      data,
    };
  }

  finished(outcome: TurnOutcome): void {
    this.#finished.emit(outcome);
  }

  entries(sessionKey: string, agentId: string, entries: readonly TranscriptRecord[]): void {
    for (const entry of entries) {
      if (entry.type === "message") this.#transcript.emit({ sessionKey, agentId, entry });
    }
  }
}

function endData(outcome: TurnOutcome): Record<string, unknown> {
  const { startedAt, endedAt, stopReason, error } = outcome;
  const text = outcome.message?.content.map((part) => (part.type === "text" ? part.text : "")).join("");
  const silent = outcome.payloads.length === 0;
  return {
    phase: outcome.status === "failed" ? "error" : "end",
    startedAt,
    endedAt,
    stopReason,
    aborted: outcome.status === "aborted",
    ...(outcome.status === "aborted" ? { status: "cancelled" } : {}),
    ...(error ? { error: error.message, errorCode: error.code } : {}),
    ...(outcome.status === "done"
      ? { terminalReply: silent ? { disposition: "silent" } : { disposition: "visible", text } }
      : {}),
    executionSettled: true,
    outcome,
  };
}
