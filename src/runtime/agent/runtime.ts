import type { UserMessage } from "../../contracts/messages.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Disposable } from "../../kernel/disposable.ts";
import { errorMessage } from "../../kernel/errors.ts";
import { newUuid } from "../../kernel/ids.ts";
import type { Logger } from "../../kernel/logger.ts";
import type { Store } from "../../store/index.ts";
import type { AcceptTurnInput, AcceptTurnOutput } from "../../store/procedures/turns.ts";
import type { TurnOutcome, TurnRequest } from "../../store/records.ts";
import { CommitEventsOfTurns, type EventsAhead } from "./commit-events.ts";
import { LaneScheduler } from "./lanes.ts";
import { writableMessage } from "./message-write.ts";
import { OpenRuns } from "./open-runs.ts";
import { RunEvents } from "./run-events.ts";
import { type RunJobParts, RunJobs } from "./run-job.ts";
import { AbortReason } from "./running-turn.ts";
import { maxConcurrentTurns } from "./settings.ts";
import { HISTORY_ENTRIES } from "./transcript-context.ts";
import type { AgentEvent, AgentRuntime, TranscriptUpdate, TurnAccepted, TurnEventRows } from "./types.ts";

export type AgentRuntimeOptions = RunJobParts;

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
  readonly #runs: OpenRuns;
  readonly #events: RunEvents;
  readonly #written = new CommitEventsOfTurns();
  readonly #jobs: RunJobs;
  #draining: Promise<void> | undefined;

  constructor(options: AgentRuntimeOptions) {
    this.#options = options;
    this.#store = options.store;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#lanes = new LaneScheduler({ concurrency: maxConcurrentTurns(options.config.current().config) });
    this.#runs = new OpenRuns(options.clock);
    this.#events = new RunEvents(options.clock, options.logger);
    this.#jobs = new RunJobs(options, this.#runs, this.#events, this.#written);
  }

  async accept(request: TurnRequest): Promise<TurnAccepted> {
    const known = this.#runs.get(request.runId);
    if (known) return this.#known(await this.#acceptRow(request, false));
    // The place in the lane is taken before the row is written, so that both have one order.
    const ticket = this.#lanes.enter(request.sessionKey);
    let output: AcceptTurnOutput & { ahead?: EventsAhead };
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
    const run = this.#runs.add(
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
      const start = () => {
        this.#announce(output, request);
        ticket.attach(() => this.#jobs.execute(run));
      };
      if (output.ahead && output.logged) output.ahead.told(output.logged, start);
      else start();
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
      if (run) this.#events.end(run, this.#events.endOf(run, outcome));
      this.#jobs.settle(run, outcome);
    }
    const runIds = queued.map((outcome) => outcome.runId);
    for (const run of this.#runs.ofSession(sessionKey)) {
      if (runId !== undefined && run.runId !== runId) continue;
      if (runIds.includes(run.runId) || run.controller.signal.aborted) continue;
      run.controller.abort(new AbortReason(reason));
      runIds.push(run.runId);
    }
    return { aborted: runIds.length > 0, runIds };
  }

  inFlight(sessionKey: string): { runId: string; text: string } | undefined {
    for (const run of this.#runs.ofSession(sessionKey)) {
      // While its end is written nothing more of it is in flight: the transcript may hold its answer already.
      if (run.startedAt !== undefined && !run.ending) return { runId: run.runId, text: run.text };
    }
    return undefined;
  }

  activeRuns() {
    const active: { runId: string; sessionKey: string; startedAt: number }[] = [];
    for (const { runId, sessionKey, startedAt } of this.#runs.all()) {
      if (startedAt !== undefined) active.push({ runId, sessionKey, startedAt });
    }
    return active;
  }

  publish(event: { runId: string; stream: string; data: unknown }): boolean {
    const run = this.#runs.get(event.runId);
    if (!run || run.ending || run.abandoned) return false;
    const { data } = event;
    const fields = typeof data === "object" && data !== null && !Array.isArray(data) ? data : { value: data };
    this.#events.emit(run, event.stream, fields as Record<string, unknown>);
    return true;
  }

  onEvent(listener: (event: AgentEvent) => void): Disposable {
    return this.#events.onEvent(listener);
  }

  onFinished(listener: (outcome: TurnOutcome) => void): Disposable {
    return this.#events.onFinished(listener);
  }

  onTranscript(listener: (update: TranscriptUpdate) => void): Disposable {
    return this.#events.onTranscript(listener);
  }

  writeEvents(rows: TurnEventRows): Disposable {
    return this.#written.use(rows);
  }

  async whenIdle(sessionKey: string): Promise<void> {
    for (
      let runs = this.#runs.ofSession(sessionKey);
      runs.size > 0;
      runs = this.#runs.ofSession(sessionKey)
    ) {
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
        const ticket = this.#lanes.enter(turn.sessionKey, "accepted-before");
        const { runId, sessionKey, sessionId, agentId } = turn;
        const run = this.#runs.add(
          { runId, sessionKey, sessionId, agentId, request: undefined, begun: undefined },
          ticket,
        );
        ticket.attach(() => this.#jobs.execute(run));
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
    const running = [...this.#runs.all()].filter((run) => run.ticket.admitted);
    const over = new Promise<void>((resolve) => {
      if (limitMs <= 0) resolve();
      else this.#clock.after(limitMs, resolve);
    });
    await Promise.race([Promise.all(running.map((run) => run.ended)), over]);
    this.#jobs.leave();
    for (const run of this.#runs.all()) {
      // Its row stays open; the next process goes on with it.
      run.abandoned = true;
      run.controller.abort(new AbortReason("restart"));
      run.settle(undefined);
    }
    this.#runs.clear();
  }

  async #acceptRow(
    request: TurnRequest,
    begin: boolean,
  ): Promise<AcceptTurnOutput & { runId: string; ahead?: EventsAhead }> {
    const now = this.#clock.now();
    const message = this.#userMessage(request, now);
    const input: AcceptTurnInput = {
      request,
      newSession: { sessionId: newUuid(), lifecycleRevision: newUuid() },
      ...(message ? { userMessage: { entryId: newUuid(), body: JSON.stringify(message) } } : {}),
      ...(begin ? { begin: { historyLimit: HISTORY_ENTRIES } } : {}),
      now,
    };
    // A gate may still take the message back: then it is told only once the gate let it pass.
    const ahead =
      begin && !this.#options.hooks.has("before_agent_run") ? this.#written.ofStart(input) : undefined;
    if (ahead) input.events = ahead.expected;
    const output = await this.#store.call.turns.accept(input);
    if (output.userEntry) this.#written.tails.saw(request.sessionKey, [output.userEntry]);
    return { ...output, runId: request.runId, ...(ahead ? { ahead } : {}) };
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
      this.#events.entries(request.sessionKey, request.agentId, [output.userEntry]);
    }
  }
}
