import type { Clock } from "../../kernel/clock.ts";
import type { Disposable } from "../../kernel/disposable.ts";
import type { ApprovalOutcome } from "./approval-question.ts";

interface Waiting {
  settled: Promise<ApprovalOutcome>;
  settle(outcome: ApprovalOutcome): void;
}

/** Deadlines of open questions and those who wait for them; bounded by the store's limit of open ones. */
export class OpenQuestions {
  readonly #clock: Clock;
  readonly #deadlines = new Map<string, Disposable>();
  readonly #waiting = new Map<string, Waiting>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `onLate` at `expiresAt` unless the question has ended. */
  watch(id: string, expiresAt: number, onLate: () => void): void {
    const waitMs = Math.max(expiresAt - this.#clock.now(), 0);
    this.#deadlines.set(id, this.#clock.after(waitMs, onLate));
  }

  /** Resolves when the question ends. */
  outcome(id: string): Promise<ApprovalOutcome> {
    const known = this.#waiting.get(id);
    if (known) return known.settled;
    let settle = (_outcome: ApprovalOutcome) => {};
    const settled = new Promise<ApprovalOutcome>((resolve) => {
      settle = resolve;
    });
    this.#waiting.set(id, { settled, settle });
    return settled;
  }

  /** Answers those who wait; without an outcome they are forgotten. */
  end(id: string, outcome?: ApprovalOutcome): void {
    void this.#deadlines.get(id)?.dispose();
    this.#deadlines.delete(id);
    if (outcome) this.#waiting.get(id)?.settle(outcome);
    this.#waiting.delete(id);
  }

  async clear(): Promise<void> {
    for (const timer of this.#deadlines.values()) await timer.dispose();
    this.#deadlines.clear();
    this.#waiting.clear();
  }
}
