import type { Clock } from "../../kernel/clock.ts";
import type { BegunTurn } from "../../store/procedures/turns.ts";
import type { TurnOutcome, TurnRequest } from "../../store/records.ts";
import type { LaneTicket } from "./lanes.ts";

/** One accepted turn that has not ended. */
export interface Run {
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
  /** Its end is being written: it takes no further events. */
  ending: boolean;
  /** Left to the next process. */
  abandoned: boolean;
  ended: Promise<TurnOutcome | undefined>;
  settle(outcome: TurnOutcome | undefined): void;
}

export type RunFacts = Pick<Run, "runId" | "sessionKey" | "agentId" | "sessionId" | "request" | "begun">;

/** The turns this process holds, by id and by session. Bounded by the lanes' limit of open turns. */
export class OpenRuns {
  readonly #clock: Clock;
  readonly #runs = new Map<string, Run>();
  readonly #bySession = new Map<string, Set<Run>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(facts: RunFacts, ticket: LaneTicket): Run {
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
      ending: false,
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

  remove(run: Run): void {
    this.#runs.delete(run.runId);
    const peers = this.#bySession.get(run.sessionKey);
    peers?.delete(run);
    if (peers?.size === 0) this.#bySession.delete(run.sessionKey);
  }

  clear(): void {
    this.#runs.clear();
    this.#bySession.clear();
  }

  get(runId: string): Run | undefined {
    return this.#runs.get(runId);
  }

  has(runId: string): boolean {
    return this.#runs.has(runId);
  }

  all(): Iterable<Run> {
    return this.#runs.values();
  }

  /** Turns of one session, in order of acceptance. */
  ofSession(sessionKey: string): ReadonlySet<Run> {
    return this.#bySession.get(sessionKey) ?? NONE;
  }
}

const NONE: ReadonlySet<Run> = new Set();
