/** Runs whose own sends are remembered; the oldest goes first. */
export const MAX_REMEMBERED_RUNS = 1_000;

/** What runs said by themselves, so that the final answer does not say the same again. */
export class SentTexts {
  readonly #byRun = new Map<string, { to: string; text: string }[]>();

  /** `text` without white space around it. */
  remember(runId: string, to: string, text: string): void {
    this.#byRun.set(runId, [...(this.#byRun.get(runId) ?? []), { to, text }]);
    if (this.#byRun.size <= MAX_REMEMBERED_RUNS) return;
    const oldest = this.#byRun.keys().next();
    if (!oldest.done) this.#byRun.delete(oldest.value);
  }

  has(runId: string, to: string, text: string): boolean {
    return this.#byRun.get(runId)?.some((one) => one.to === to && one.text === text.trim()) === true;
  }

  forget(runId: string): void {
    this.#byRun.delete(runId);
  }
}
