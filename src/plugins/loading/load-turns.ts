import type { Clock } from "../../kernel/clock.ts";

/** How long others wait for the import of one plugin before they go ahead. */
export const IMPORT_PATIENCE_MS = 3_000;

/**
 * Lets one plugin load after the other. Plugins share the SDK's modules, and what one requires synchronously,
 * Node cannot hand out while the import of another is still linking it; on Node 20 such a module is lost for
 * the whole process. An import that takes long has long been linked and is evaluating: nobody needs to wait.
 */
export class LoadTurns {
  #last: Promise<unknown> = Promise.resolve();
  /** Imports that go on although their turn is over. */
  #outlasting = 0;

  /** Runs `work` when all that came before is over. */
  take<T>(work: () => Promise<T>): Promise<T> {
    const turn = async () => {
      // What waits is served between one plugin and the next.
      await new Promise(setImmediate);
      return work();
    };
    const next = this.#last.then(turn);
    this.#last = next.then(
      () => {},
      () => {},
    );
    return next;
  }

  /**
   * Whether an import takes longer than the others wait for it. Each one that goes on already halves that time:
   * however many never end, the rest waits less than twice {@link IMPORT_PATIENCE_MS}. Nobody waits after `cut`.
   */
  async outlasts(
    work: Promise<unknown>,
    clock: Pick<Clock, "after">,
    cut: AbortSignal | undefined,
  ): Promise<boolean> {
    const patienceMs = IMPORT_PATIENCE_MS / 2 ** this.#outlasting;
    const isOver = await new Promise<boolean>((resolve) => {
      const end = (over: boolean) => {
        void timer.dispose();
        cut?.removeEventListener("abort", goAhead);
        resolve(over);
      };
      const goAhead = () => end(false);
      const timer = clock.after(patienceMs, goAhead);
      cut?.addEventListener("abort", goAhead, { once: true });
      if (cut?.aborted) goAhead();
      work.then(
        () => end(true),
        () => end(true),
      );
    });
    if (isOver) return false;
    this.#outlasting++;
    const ended = () => {
      this.#outlasting--;
    };
    work.then(ended, ended);
    return true;
  }
}
