/** Identical calls with identical results after which the model is told (spec 3.3). */
export const LOOP_WARNING_AT = 3;
/** …and after which the run is stopped. */
export const LOOP_STOP_AT = 5;
/** Different calls remembered in one run. */
export const MAX_GUARDED_CALLS = 200;

export const LOOP_WARNING_TEXT =
  "Note: this call gave the same result several times. Do something else or answer with what you have.";

export type LoopVerdict = "fine" | "warn" | "stop";

/** Notices a model that asks for the same thing again and again and gets the same answer each time. */
export class LoopGuard {
  readonly #seen = new Map<string, { result: string; times: number }>();

  /** Counts one finished call. A poll-like result (`progress`) never counts. */
  observe(call: { name: string; arguments: unknown; result: string; progress: boolean }): LoopVerdict {
    if (call.progress) return "fine";
    const key = `${call.name} ${JSON.stringify(call.arguments)}`;
    const known = this.#seen.get(key);
    const times = known?.result === call.result ? known.times + 1 : 1;
    this.#seen.delete(key);
    this.#seen.set(key, { result: call.result, times });
    if (this.#seen.size > MAX_GUARDED_CALLS) {
      const oldest = this.#seen.keys().next().value;
      if (oldest !== undefined) this.#seen.delete(oldest);
    }
    if (times >= LOOP_STOP_AT) return "stop";
    return times >= LOOP_WARNING_AT ? "warn" : "fine";
  }
}
