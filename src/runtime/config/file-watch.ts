import type { Clock } from "../../kernel/clock.ts";
import type { Disposable } from "../../kernel/disposable.ts";
import type { Logger } from "../../kernel/logger.ts";

/** How often the files are looked at for edits by hand; a look is one `stat` per file. */
export const WATCH_PERIOD_MS = 1_500;
/** An edit is read once the files have been quiet for this long. */
const SETTLE_MS = 300;

export interface WatchedFiles {
  clock: Clock;
  logger: Logger;
  /** Of the files as they are now. */
  fingerprint(): Promise<string>;
  /** Of the files as they were when they were read. */
  seen(): string;
  /** Reads them again. */
  changed(): Promise<unknown>;
}

/** Notices edits by hand. */
export class FileWatch implements Disposable {
  readonly #files: WatchedFiles;
  readonly #timer: Disposable;
  #settling: Disposable | undefined;
  #closed = false;

  constructor(files: WatchedFiles) {
    this.#files = files;
    this.#timer = files.clock.every(WATCH_PERIOD_MS, () => void this.#look());
  }

  dispose(): void {
    this.#closed = true;
    void this.#timer.dispose();
    void this.#settling?.dispose();
  }

  /** One look at the files. An edit is read when a second look, a moment later, sees the same. */
  async #look(): Promise<void> {
    if (this.#settling) return;
    const before = await this.#files.fingerprint();
    if (before === this.#files.seen() || this.#settling || this.#closed) return;
    this.#settling = this.#files.clock.after(SETTLE_MS, () => {
      void this.#settle(before);
    });
  }

  async #settle(before: string): Promise<void> {
    try {
      const now = await this.#files.fingerprint();
      if (now === before && !this.#closed) await this.#files.changed();
    } catch (error) {
      this.#files.logger.error("the configuration was not read again", { error });
    } finally {
      this.#settling = undefined;
    }
  }
}
