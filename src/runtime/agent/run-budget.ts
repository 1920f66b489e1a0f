import type { Clock } from "../../kernel/clock.ts";
import type { Disposable } from "../../kernel/disposable.ts";
import type { TurnApprovals } from "./tool-call.ts";

/**
 * The time a turn may take. It stands still while an operator is asked: the question has a deadline of its own,
 * and a turn that ended before it would take back a question that people are reading.
 */
export class RunBudget implements Disposable {
  readonly #clock: Clock;
  readonly #onSpent: () => void;
  #leftMs: number;
  #runningSince = 0;
  #timer: Disposable | undefined;
  #pauses = 0;

  /** `limitMs` in milliseconds; 0 or less: no limit. `onSpent` is called at most once. */
  constructor(clock: Clock, limitMs: number, onSpent: () => void) {
    this.#clock = clock;
    this.#leftMs = limitMs > 0 ? limitMs : Number.POSITIVE_INFINITY;
    this.#onSpent = onSpent;
    this.#run();
  }

  /** Runs `step` without spending time. */
  async paused<T>(step: () => Promise<T>): Promise<T> {
    if (this.#pauses++ === 0) this.#stop();
    try {
      return await step();
    } finally {
      if (--this.#pauses === 0) this.#run();
    }
  }

  /**
   * The same questions; the turn's time stands still while it waits for their answers. `resumed`: the turn goes on
   * after a restart. Who was there to be asked comes back in a moment, and a question may wait for them.
   */
  pausedBy(approvals: TurnApprovals, { resumed }: { resumed: boolean }): TurnApprovals {
    return {
      ask: (approval, call, signal) =>
        this.paused(() => approvals.ask(approval, resumed ? { ...call, routed: true } : call, signal)),
      goOn: (...question) => this.paused(() => approvals.goOn(...question)),
      use: (id) => approvals.use(id),
      unused: (runId) => approvals.unused(runId),
      cancel: (id) => approvals.cancel(id),
    };
  }

  dispose(): void {
    this.#leftMs = Number.POSITIVE_INFINITY;
    void this.#timer?.dispose();
    this.#timer = undefined;
  }

  #run(): void {
    if (!Number.isFinite(this.#leftMs)) return;
    this.#runningSince = this.#clock.monotonic();
    this.#timer = this.#clock.after(Math.max(this.#leftMs, 0), () => {
      this.dispose();
      this.#onSpent();
    });
  }

  #stop(): void {
    if (!this.#timer) return;
    void this.#timer.dispose();
    this.#timer = undefined;
    this.#leftMs -= this.#clock.monotonic() - this.#runningSince;
  }
}
