import type { Disposable } from "../../kernel/disposable.ts";
import { errorMessage } from "../../kernel/errors.ts";
import type { Store } from "../../store/index.ts";
import type { BegunTurn } from "../../store/procedures/turns.ts";
import type { OutboxDraft, TurnOutcome, TurnRequest } from "../../store/records.ts";
import { mayPass, untilWritten } from "../../store/until-written.ts";
import type { CommitEventsOfTurns } from "./commit-events.ts";
import type { OpenRuns, Run } from "./open-runs.ts";
import { RunBudget } from "./run-budget.ts";
import type { RunEvents } from "./run-events.ts";
import { AbortReason, type TurnEnd } from "./running-turn.ts";
import { agentSettings } from "./settings.ts";
import { HISTORY_ENTRIES } from "./transcript-context.ts";
import { runTurn } from "./turn.ts";
import { finishInput, gaveUp, unwritable } from "./turn-ending.ts";
import type { TurnParts } from "./turn-parts.ts";
import type { ReplyPlanner } from "./types.ts";

/** Restarts in a row that got stuck before the model began to answer (spec 14.4). */
export const MAX_FAILED_STARTS = 3;
/**
 * A restarted turn counts as stuck after this long without an answer. A process that is killed sooner
 * says nothing about the turn.
 */
export const STALLED_START_MS = 1_000;
/** Starts in all; a message that keeps killing the process at once ends here. */
export const MAX_TURN_STARTS = 50;
/** A turn that waits longer than this for its start is mentioned in the log. */
export const SLOW_START_MS = 2_000;

export interface RunJobParts extends TurnParts {
  store: Store;
  replyPlanner: ReplyPlanner;
}

/** What a lane does with a turn whose time has come: begin, run, write the end. */
export class RunJobs {
  readonly #parts: RunJobParts;
  readonly #runs: OpenRuns;
  readonly #events: RunEvents;
  readonly #written: CommitEventsOfTurns;
  readonly #left = new AbortController();

  constructor(parts: RunJobParts, runs: OpenRuns, events: RunEvents, written: CommitEventsOfTurns) {
    this.#parts = parts;
    this.#runs = runs;
    this.#events = events;
    this.#written = written;
  }

  /** Stops waiting for a store that takes nothing: what is not written yet is left to the next process. */
  leave(): void {
    this.#left.abort();
  }

  /** Never rejects. */
  async execute(run: Run): Promise<void> {
    const { clock, logger } = this.#parts;
    let budget: RunBudget | undefined;
    if (run.abandoned) return;
    try {
      const begun = run.begun ?? (await this.#begin(run));
      if (!begun) return;
      const request = run.request ?? (begun.request as TurnRequest);
      run.begun = undefined;
      run.startedAt = clock.now();
      const waitedMs = run.startedAt - run.acceptedAt;
      if (waitedMs > SLOW_START_MS) {
        logger.warn("a turn waited long for its start", { runId: run.runId, waitedMs });
      }
      if (begun.turn.attempts >= MAX_FAILED_STARTS || begun.turn.starts > MAX_TURN_STARTS) {
        await this.#takeBackQuestions(run.runId);
        await this.#finish(run, request, gaveUp(request, begun, clock.now()));
        return;
      }
      const settings = agentSettings(this.#parts.config.current().config, request.agentId);
      const limitMs = request.timeoutMs ?? settings.timeoutMs;
      budget = new RunBudget(clock, limitMs, () => run.controller.abort(new AbortReason("timeout")));
      const end = await this.#run(run, request, begun, budget);
      if (!run.abandoned) await this.#writeEnd(run, request, begun, end);
    } catch (error) {
      logger.error("a turn could not be written; it stays open until the next start", {
        runId: run.runId,
        error: errorMessage(error),
      });
      this.#runs.remove(run);
      run.settle(undefined);
    } finally {
      budget?.dispose();
    }
  }

  /** Takes an ended turn out of the books of this process and tells who waits for it. */
  settle(run: Run | undefined, outcome: TurnOutcome): void {
    if (run) this.#runs.remove(run);
    this.#events.finished(outcome);
    run?.settle(outcome);
  }

  async #begin(run: Run): Promise<BegunTurn | undefined> {
    const { store, clock } = this.#parts;
    const begun = await this.#untilWritten("begin a turn", () =>
      store.call.turns.begin({
        runId: run.runId,
        historyLimit: HISTORY_ENTRIES,
        withRequest: run.request === undefined,
        now: clock.now(),
      }),
    );
    return "turn" in begun ? begun : undefined;
  }

  #run(run: Run, request: TurnRequest, begun: BegunTurn, budget: RunBudget): Promise<TurnEnd> {
    const { approvals, hooks, store, clock } = this.#parts;
    let shown = !hooks.has("before_agent_run");
    const watch = begun.turn.starts > 1 ? this.#watchStart(run, begun.turn.attempts > 0) : undefined;
    const parts = approvals
      ? { ...this.#parts, approvals: budget.pausedBy(approvals, { resumed: begun.turn.starts > 1 }) }
      : this.#parts;
    return runTurn(parts, {
      request,
      begun,
      signal: run.controller.signal,
      emit: (stream, data) => this.#events.emit(run, stream, data),
      onText: (text) => {
        run.text = text;
      },
      onModelStarted: () => {
        if (!shown) {
          shown = true;
          this.#events.entries(run.sessionKey, run.agentId, begun.own.slice(0, 1));
        }
        watch?.started();
      },
      record: async (entries) => {
        if (run.abandoned) return;
        const written = await this.#untilWritten("write what a turn has done", () =>
          store.call.turns.record({ runId: run.runId, entries, now: clock.now() }),
        );
        this.#written.tails.saw(run.sessionKey, written);
        this.#events.entries(run.sessionKey, run.agentId, written);
      },
    }).finally(() => watch?.dispose());
  }

  /** Nobody will act on the answer to a question of a turn that is given up. */
  async #takeBackQuestions(runId: string): Promise<void> {
    const { approvals } = this.#parts;
    for (const { id, status } of (await approvals?.unused(runId)) ?? []) {
      if (status === "pending") await approvals?.cancel(id);
    }
  }

  /** Counts a restart that gets stuck before the model, and forgives it once the model answers. */
  #watchStart(run: Run, failedBefore: boolean): Disposable & { started(): void } {
    const { store, clock, logger } = this.#parts;
    const { runId } = run;
    const complain = (error: unknown) =>
      logger.warn("a start could not be counted", { runId, error: errorMessage(error) });
    let stalled = failedBefore;
    const timer = clock.after(STALLED_START_MS, () => {
      stalled = true;
      if (!run.abandoned) store.call.turns.stalled({ runId }).catch(complain);
    });
    return {
      started: () => {
        void timer.dispose();
        if (stalled) store.call.turns.started({ runId }).catch(complain);
      },
      dispose: () => timer.dispose(),
    };
  }

  /** An end that can not be written as it is, is written as a failure: an open row would hold up its session. */
  async #writeEnd(run: Run, request: TurnRequest, begun: BegunTurn, end: TurnEnd): Promise<void> {
    const { clock, logger } = this.#parts;
    try {
      await this.#finish(run, request, end);
    } catch (error) {
      if (run.abandoned || mayPass(error)) throw error;
      logger.error("the answer of a turn could not be written; the turn ends as failed", {
        runId: run.runId,
        error: errorMessage(error),
      });
      await this.#finish(run, request, unwritable(request, begun, clock.now()));
    }
  }

  async #finish(run: Run, request: TurnRequest, end: TurnEnd): Promise<void> {
    const { store, clock } = this.#parts;
    const input = finishInput(request, end, this.#plan(request, end.outcome), clock.now());
    const event = this.#events.endOf(run, end.outcome);
    const ahead = this.#written.ofEnd(run, event, input);
    if (ahead) input.events = ahead.expected;
    const result = await this.#untilWritten("write the end of a turn", () => store.call.turns.finish(input));
    this.#written.tails.saw(run.sessionKey, result.entries);
    const outcome = result.outcome ?? end.outcome;
    const announce = () => {
      this.#events.entries(run.sessionKey, run.agentId, result.entries);
      this.#events.end(run, result.applied ? event : this.#events.reworded(event, outcome));
    };
    if (ahead && result.logged) ahead.told(result.logged, announce);
    else announce();
    this.settle(run, outcome);
  }

  #plan(request: TurnRequest, outcome: TurnOutcome): OutboxDraft[] {
    if (!request.deliver || outcome.payloads.length === 0) return [];
    try {
      return this.#parts.replyPlanner.plan(request.deliver, outcome);
    } catch (error) {
      this.#parts.logger.error(
        "the answer could not be cut into messages and is kept in the transcript only",
        { runId: request.runId, channel: request.deliver.channel, error: errorMessage(error) },
      );
      return [];
    }
  }

  /** The lane stays taken meanwhile: a session whose last turn is not written could not begin another one. */
  #untilWritten<T>(what: string, step: () => Promise<T>): Promise<T> {
    const { clock, logger } = this.#parts;
    return untilWritten(what, step, { clock, logger, stopped: this.#left.signal });
  }
}
