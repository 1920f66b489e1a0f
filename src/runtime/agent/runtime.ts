import type { UserMessage } from "../../contracts/messages.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Disposable } from "../../kernel/disposable.ts";
import { Emitter } from "../../kernel/emitter.ts";
import { errorMessage, isSluiceError } from "../../kernel/errors.ts";
import { newUuid } from "../../kernel/ids.ts";
import type { Logger } from "../../kernel/logger.ts";
import type { Store } from "../../store/index.ts";
import type { TranscriptRecord } from "../../store/procedures/transcripts.ts";
import type { AcceptTurnOutput, BegunTurn, FinishTurnInput } from "../../store/procedures/turns.ts";
import type { TurnOutcome, TurnRequest } from "../../store/records.ts";
import { LaneScheduler, type LaneTicket } from "./lanes.ts";
import { writableMessage } from "./message-write.ts";
import { agentSettings, maxConcurrentTurns } from "./settings.ts";
import { HISTORY_ENTRIES } from "./transcript-context.ts";
import { AbortReason, runTurn, type TurnEnd } from "./turn.ts";
import type { TurnParts } from "./turn-preparation.ts";
import type { AgentEvent, AgentRuntime, ReplyPlanner, TranscriptUpdate, TurnAccepted } from "./types.ts";

/** Restarts in a row that got stuck before the model began to answer (spec 14.4). */
export const MAX_FAILED_STARTS = 3;
/**
 * A restarted turn counts as stuck after this long without an answer. A process that is killed sooner
 * says nothing about the turn.
 */
export const STALLED_START_MS = 1_000;
/** Starts in all; a message that keeps killing the process at once ends here. */
export const MAX_TURN_STARTS = 50;
/** Waits between tries to write a turn's end while the store cannot take it. */
export const FINISH_RETRY_DELAYS_MS = [50, 200, 1_000, 5_000, 15_000];
/** A turn that waits longer than this for its start is mentioned in the log. */
export const SLOW_START_MS = 2_000;

export interface AgentRuntimeOptions extends TurnParts {
  store: Store;
  replyPlanner: ReplyPlanner;
}

/** One accepted turn that has not ended. */
interface Run {
  runId: string;
  sessionKey: string;
  agentId: string;
  sessionId: string;
  request: TurnRequest | undefined;
  begun: BegunTurn | undefined;
  acceptedAt: number;
  startedAt: number | undefined;
  text: string;
  seq: number;
  ticket: LaneTicket;
  controller: AbortController;
  /** Left to the next process. */
  abandoned: boolean;
  ended: Promise<TurnOutcome | undefined>;
  settle(outcome: TurnOutcome | undefined): void;
}

/** Builds the agent room. Call `resume()` once, after the plugins are loaded. */
export function createAgentRuntime(options: AgentRuntimeOptions): AgentRuntime {
  return new LaneRuntime(options);
}

class LaneRuntime implements AgentRuntime {
  readonly #options: AgentRuntimeOptions;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #lanes: LaneScheduler;
  /** Bounded by the lanes' limit of open turns. */
  readonly #runs = new Map<string, Run>();
  readonly #bySession = new Map<string, Set<Run>>();
  readonly #events: Emitter<AgentEvent>;
  readonly #finished: Emitter<TurnOutcome>;
  readonly #transcript: Emitter<TranscriptUpdate>;
  #draining: Promise<void> | undefined;

  constructor(options: AgentRuntimeOptions) {
    this.#options = options;
    this.#store = options.store;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#lanes = new LaneScheduler({ concurrency: maxConcurrentTurns(options.config.current().config) });
    const complain = (error: unknown) =>
      this.#logger.warn("a listener of agent events failed", { error: errorMessage(error) });
    this.#events = new Emitter(complain);
    this.#finished = new Emitter(complain);
    this.#transcript = new Emitter(complain);
  }

  async accept(request: TurnRequest): Promise<TurnAccepted> {
    const known = this.#runs.get(request.runId);
    if (known) return this.#known(await this.#acceptRow(request, false));
    // The place in the lane is taken before the row is written, so that both have one order.
    const ticket = this.#lanes.enter(request.sessionKey);
    let output: AcceptTurnOutput;
    try {
      output = await this.#acceptRow(request, ticket.admitted);
    } catch (error) {
      ticket.leave();
      throw error;
    }
    if (output.status !== "started" || this.#runs.has(request.runId)) {
      ticket.leave();
      return this.#known({ ...output, runId: request.runId });
    }
    const run = this.#track(
      {
        runId: request.runId,
        sessionKey: output.sessionKey,
        agentId: output.agentId,
        sessionId: output.sessionId,
        request,
        begun: output.begun,
      },
      ticket,
    );
    // After whoever asked has read the acknowledgement: its first event never overtakes it.
    setImmediate(() => {
      this.#announce(output, request);
      ticket.attach(() => this.#execute(run));
    });
    return {
      runId: request.runId,
      sessionKey: output.sessionKey,
      sessionId: output.sessionId,
      agentId: output.agentId,
      status: "started",
      ...(output.messageSeq === undefined ? {} : { messageSeq: output.messageSeq }),
    };
  }

  async wait(runId: string, timeoutMs: number): Promise<TurnOutcome | undefined> {
    const run = this.#runs.get(runId);
    if (!run) return (await this.#store.call.turns.get({ runId }))?.outcome;
    let timer: Disposable | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = this.#clock.after(timeoutMs, () => resolve(undefined));
    });
    try {
      return await Promise.race([run.ended, late]);
    } finally {
      void timer?.dispose();
    }
  }

  async abort(target: { sessionKey: string; runId?: string; reason: string }) {
    const { sessionKey, runId, reason } = target;
    const queued = await this.#store.call.turns.abort({
      sessionKey,
      reason,
      now: this.#clock.now(),
      ...(runId === undefined ? {} : { runId }),
    });
    for (const outcome of queued) {
      const run = this.#runs.get(outcome.runId);
      run?.ticket.leave();
      if (run) this.#emitEnd(run, outcome);
      this.#settle(run, outcome);
    }
    const runIds = queued.map((outcome) => outcome.runId);
    for (const run of this.#bySession.get(sessionKey) ?? []) {
      if (runId !== undefined && run.runId !== runId) continue;
      if (runIds.includes(run.runId) || run.controller.signal.aborted) continue;
      run.controller.abort(new AbortReason(reason));
      runIds.push(run.runId);
    }
    return { aborted: runIds.length > 0, runIds };
  }

  inFlight(sessionKey: string): { runId: string; text: string } | undefined {
    for (const run of this.#bySession.get(sessionKey) ?? []) {
      if (run.startedAt !== undefined) return { runId: run.runId, text: run.text };
    }
    return undefined;
  }

  activeRuns() {
    const active: { runId: string; sessionKey: string; startedAt: number }[] = [];
    for (const { runId, sessionKey, startedAt } of this.#runs.values()) {
      if (startedAt !== undefined) active.push({ runId, sessionKey, startedAt });
    }
    return active;
  }

  publish(event: { runId: string; stream: string; data: unknown }): boolean {
    const run = this.#runs.get(event.runId);
    if (!run || run.abandoned) return false;
    const { data } = event;
    const fields = typeof data === "object" && data !== null && !Array.isArray(data) ? data : { value: data };
    this.#emit(run, event.stream, fields as Record<string, unknown>);
    return true;
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

  async whenIdle(sessionKey: string): Promise<void> {
    for (let runs = this.#bySession.get(sessionKey); runs?.size; runs = this.#bySession.get(sessionKey)) {
      await Promise.all([...runs].map((run) => run.ended));
    }
  }

  async resume(): Promise<{ resumed: number }> {
    await this.#store.call.turns.requeue({});
    let resumed = 0;
    for (let afterOrdinal = 0; ; ) {
      const page = await this.#store.call.turns.open({ afterOrdinal });
      for (const turn of page) {
        afterOrdinal = turn.ordinal;
        if (this.#runs.has(turn.runId)) continue;
        const ticket = this.#lanes.enter(turn.sessionKey);
        const { runId, sessionKey, sessionId, agentId } = turn;
        const run = this.#track(
          { runId, sessionKey, sessionId, agentId, request: undefined, begun: undefined },
          ticket,
        );
        ticket.attach(() => this.#execute(run));
        resumed += 1;
      }
      if (page.length === 0) break;
    }
    if (resumed > 0) this.#logger.info("turns of an earlier process go on", { resumed });
    return { resumed };
  }

  drain(limitMs: number): Promise<void> {
    this.#draining ??= this.#drain(limitMs);
    return this.#draining;
  }

  dispose(): Promise<void> {
    return this.drain(0);
  }

  async #drain(limitMs: number): Promise<void> {
    this.#lanes.stop();
    const running = [...this.#runs.values()].filter((run) => run.ticket.admitted);
    const over = new Promise<void>((resolve) => {
      if (limitMs <= 0) resolve();
      else this.#clock.after(limitMs, resolve);
    });
    await Promise.race([Promise.all(running.map((run) => run.ended)), over]);
    for (const run of this.#runs.values()) {
      // Its row stays open; the next process goes on with it.
      run.abandoned = true;
      run.controller.abort(new AbortReason("restart"));
      run.settle(undefined);
    }
    this.#runs.clear();
    this.#bySession.clear();
  }

  async #acceptRow(request: TurnRequest, begin: boolean): Promise<AcceptTurnOutput & { runId: string }> {
    const now = this.#clock.now();
    const message = this.#userMessage(request, now);
    const output = await this.#store.call.turns.accept({
      request,
      newSession: { sessionId: newUuid(), lifecycleRevision: newUuid() },
      ...(message ? { userMessage: { entryId: newUuid(), body: JSON.stringify(message) } } : {}),
      ...(begin ? { begin: { historyLimit: HISTORY_ENTRIES } } : {}),
      now,
    });
    return { ...output, runId: request.runId };
  }

  #userMessage(request: TurnRequest, now: number): UserMessage | undefined {
    const text = request.transcriptText ?? request.text;
    const message: UserMessage = {
      role: "user",
      content: request.images?.length ? [{ type: "text", text }, ...request.images] : text,
      timestamp: now,
    };
    return writableMessage(this.#options.hooks, message, request);
  }

  #known(output: AcceptTurnOutput & { runId: string }): TurnAccepted {
    const { runId, sessionKey, sessionId, agentId, messageSeq, outcome } = output;
    return {
      runId,
      sessionKey,
      sessionId,
      agentId,
      status: output.status === "ended" ? "ended" : "in_flight",
      ...(messageSeq === undefined ? {} : { messageSeq }),
      ...(outcome === undefined ? {} : { outcome }),
    };
  }

  #announce(output: AcceptTurnOutput, request: TurnRequest): void {
    const { hooks } = this.#options;
    if (output.created && hooks.has("session_start")) {
      const context = { sessionId: output.sessionId, sessionKey: output.sessionKey, agentId: output.agentId };
      void hooks
        .run("session_start", { sessionId: output.sessionId, sessionKey: output.sessionKey }, context)
        .catch((error: unknown) => this.#logger.warn("session_start failed", { error: errorMessage(error) }));
    }
    // A gate may still take the message back; it is shown once the gate let it pass.
    if (output.userEntry && !hooks.has("before_agent_run")) {
      this.#announceEntries(request.sessionKey, request.agentId, [output.userEntry]);
    }
  }

  #announceEntries(sessionKey: string, agentId: string, entries: readonly TranscriptRecord[]): void {
    for (const entry of entries) {
      if (entry.type === "message") this.#transcript.emit({ sessionKey, agentId, entry });
    }
  }

  #track(
    facts: Pick<Run, "runId" | "sessionKey" | "agentId" | "sessionId" | "request" | "begun">,
    ticket: LaneTicket,
  ): Run {
    let settle = (_outcome: TurnOutcome | undefined) => {};
    const ended = new Promise<TurnOutcome | undefined>((resolve) => {
      settle = resolve;
    });
    const run: Run = {
      ...facts,
      acceptedAt: this.#clock.now(),
      startedAt: undefined,
      text: "",
      seq: 0,
      ticket,
      controller: new AbortController(),
      abandoned: false,
      ended,
      settle,
    };
    this.#runs.set(run.runId, run);
    const peers = this.#bySession.get(run.sessionKey);
    if (peers) peers.add(run);
    else this.#bySession.set(run.sessionKey, new Set([run]));
    return run;
  }

  #settle(run: Run | undefined, outcome: TurnOutcome): void {
    if (run) this.#untrack(run);
    this.#finished.emit(outcome);
    run?.settle(outcome);
  }

  #untrack(run: Run): void {
    this.#runs.delete(run.runId);
    const peers = this.#bySession.get(run.sessionKey);
    peers?.delete(run);
    if (peers?.size === 0) this.#bySession.delete(run.sessionKey);
  }

  /** The lane's job: begin, run, end. Never rejects. */
  async #execute(run: Run): Promise<void> {
    let timer: Disposable | undefined;
    if (run.abandoned) return;
    try {
      const begun = run.begun ?? (await this.#begin(run));
      if (!begun) return;
      const request = run.request ?? (begun.request as TurnRequest);
      run.begun = undefined;
      run.startedAt = this.#clock.now();
      if (run.startedAt - run.acceptedAt > SLOW_START_MS) {
        this.#logger.warn("a turn waited long for its start", {
          runId: run.runId,
          waitedMs: run.startedAt - run.acceptedAt,
        });
      }
      if (begun.turn.attempts >= MAX_FAILED_STARTS || begun.turn.starts > MAX_TURN_STARTS) {
        await this.#finish(run, request, gaveUp(request, begun, this.#clock.now()));
        return;
      }
      const settings = agentSettings(this.#options.config.current().config, request.agentId);
      const limitMs = request.timeoutMs ?? settings.timeoutMs;
      if (limitMs > 0) {
        timer = this.#clock.after(limitMs, () => run.controller.abort(new AbortReason("timeout")));
      }
      const end = await this.#run(run, request, begun);
      if (!run.abandoned) await this.#finish(run, request, end);
    } catch (error) {
      this.#logger.error("a turn could not be written; it stays open until the next start", {
        runId: run.runId,
        error: errorMessage(error),
      });
      this.#untrack(run);
      run.settle(undefined);
    } finally {
      void timer?.dispose();
    }
  }

  async #begin(run: Run): Promise<BegunTurn | undefined> {
    const begun = await this.#retrying("begin a turn", () =>
      this.#store.call.turns.begin({
        runId: run.runId,
        historyLimit: HISTORY_ENTRIES,
        withRequest: run.request === undefined,
        now: this.#clock.now(),
      }),
    );
    return "turn" in begun ? begun : undefined;
  }

  #run(run: Run, request: TurnRequest, begun: BegunTurn): Promise<TurnEnd> {
    let shown = !this.#options.hooks.has("before_agent_run");
    const watch = begun.turn.starts > 1 ? this.#watchStart(run, begun.turn.attempts > 0) : undefined;
    return runTurn(this.#options, {
      request,
      begun,
      signal: run.controller.signal,
      emit: (stream, data) => this.#emit(run, stream, data),
      onText: (text) => {
        run.text = text;
      },
      onModelStarted: () => {
        if (!shown) {
          shown = true;
          this.#announceEntries(run.sessionKey, run.agentId, begun.own.slice(0, 1));
        }
        watch?.started();
      },
      record: async (entries) => {
        if (run.abandoned) return;
        const written = await this.#store.call.turns.record({
          runId: run.runId,
          entries,
          now: this.#clock.now(),
        });
        this.#announceEntries(run.sessionKey, run.agentId, written);
      },
    }).finally(() => watch?.dispose());
  }

  /** Counts a restart that gets stuck before the model, and forgives it once the model answers. */
  #watchStart(run: Run, failedBefore: boolean): Disposable & { started(): void } {
    const { runId } = run;
    const complain = (error: unknown) =>
      this.#logger.warn("a start could not be counted", { runId, error: errorMessage(error) });
    let stalled = failedBefore;
    const timer = this.#clock.after(STALLED_START_MS, () => {
      stalled = true;
      if (!run.abandoned) this.#store.call.turns.stalled({ runId }).catch(complain);
    });
    return {
      started: () => {
        void timer.dispose();
        if (stalled) this.#store.call.turns.started({ runId }).catch(complain);
      },
      dispose: () => timer.dispose(),
    };
  }

  async #finish(run: Run, request: TurnRequest, end: TurnEnd): Promise<void> {
    const input = this.#finishInput(request, end);
    const result = await this.#retrying("write the end of a turn", () =>
      this.#store.call.turns.finish(input),
    );
    const outcome = result.outcome ?? end.outcome;
    this.#announceEntries(run.sessionKey, run.agentId, result.entries);
    this.#emitEnd(run, outcome);
    this.#settle(run, outcome);
  }

  #finishInput(request: TurnRequest, end: TurnEnd): FinishTurnInput {
    const { outcome, usage } = end;
    const now = this.#clock.now();
    return {
      outcome,
      entries: end.entries,
      outbox: this.#plan(request, outcome),
      ...(request.inboxId === undefined
        ? {}
        : {
            inbox:
              outcome.status === "aborted"
                ? {
                    inboxId: request.inboxId,
                    status: "ignored",
                    reason: `aborted:${outcome.stopReason ?? ""}`,
                  }
                : {
                    inboxId: request.inboxId,
                    status: "answered",
                    ...(outcome.status === "failed" ? { reason: "failed" } : {}),
                  },
          }),
      usage: {
        input: usage.input + usage.cacheRead + usage.cacheWrite,
        output: usage.output,
        cost: usage.cost.total,
      },
      sessionPatch: {
        status: sessionStatus(outcome),
        startedAt: outcome.startedAt,
        endedAt: outcome.endedAt,
        runtimeMs: outcome.endedAt - outcome.startedAt,
        lastRunId: outcome.runId,
        abortedLastRun: outcome.status === "aborted" ? true : null,
        totalTokens: outcome.message?.usage.totalTokens || null,
        ...(outcome.model ? { model: outcome.model, modelProvider: outcome.provider } : {}),
        lastRunError: outcome.error?.message ?? null,
      },
      ...(end.blocked
        ? {
            blockedUserMessage: JSON.stringify({
              role: "user",
              content: "(blocked message)",
              timestamp: now,
            }),
          }
        : {}),
      now,
    };
  }

  #plan(request: TurnRequest, outcome: TurnOutcome) {
    if (!request.deliver || outcome.payloads.length === 0) return [];
    try {
      return this.#options.replyPlanner.plan(request.deliver, outcome);
    } catch (error) {
      this.#logger.error("the answer could not be cut into messages and is kept in the transcript only", {
        runId: request.runId,
        channel: request.deliver.channel,
        error: errorMessage(error),
      });
      return [];
    }
  }

  /** A store that is busy or full for a moment must not cost a turn. */
  async #retrying<T>(what: string, step: () => Promise<T>): Promise<T> {
    for (const delayMs of FINISH_RETRY_DELAYS_MS) {
      try {
        return await step();
      } catch (error) {
        if (!isSluiceError(error) || !(error.retryable || error.code === "STORE_FULL")) throw error;
        this.#logger.warn(`could not ${what}; trying again`, { error: error.message, delayMs });
        await this.#clock.sleep(delayMs);
      }
    }
    return step();
  }

  #emit(run: Run, stream: string, data: Record<string, unknown>): void {
    if (run.abandoned) return;
    run.seq += 1;
    this.#events.emit({
      runId: run.runId,
      seq: run.seq,
      ts: this.#clock.now(),
      sessionKey: run.sessionKey,
      sessionId: run.sessionId,
      agentId: run.agentId,
      stream,
      data,
    });
  }

  /** The one terminal event of a run, after its end is committed. */
  #emitEnd(run: Run, outcome: TurnOutcome): void {
    const { startedAt, endedAt, stopReason, error } = outcome;
    const text = outcome.message?.content.map((part) => (part.type === "text" ? part.text : "")).join("");
    const silent = outcome.payloads.length === 0;
    this.#emit(run, "lifecycle", {
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
    });
  }
}

function gaveUp(request: TurnRequest, begun: BegunTurn, now: number): TurnEnd {
  const message = `the turn was started ${begun.turn.starts} times and never finished`;
  const usage = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, totalTokens: 0 };
  return {
    usage: { ...usage, cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, total: 0 } },
    entries: [],
    outcome: {
      runId: request.runId,
      sessionKey: request.sessionKey,
      sessionId: begun.turn.sessionId,
      agentId: request.agentId,
      status: "failed",
      startedAt: begun.turn.startedAt ?? now,
      endedAt: now,
      payloads: [{ text: "⚠️ The agent could not answer: it was interrupted too often.", isError: true }],
      stopReason: "error",
      error: { code: "TURN_START_FAILED", message },
    },
  };
}

function sessionStatus(outcome: TurnOutcome): "done" | "failed" | "killed" | "timeout" {
  if (outcome.status !== "aborted") return outcome.status;
  return outcome.stopReason === "timeout" ? "timeout" : "killed";
}
