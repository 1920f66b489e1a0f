import type { Disposable } from "./disposable.ts";
import { SluiceError } from "./errors.ts";

/** A program that was started and may still run. */
export interface RunningProgram {
  /** Asks it to end, and makes it end when it does not; resolves when it has. Never rejects. */
  end(): Promise<void>;
}

/** The programs of one owner. When the owner goes, all are asked to end at the same time, and waited for. */
export class RunningPrograms implements Disposable {
  readonly #owner: string;
  /** As long as the list of processes that run: each leaves it when it ends. */
  readonly #running = new Set<RunningProgram>();
  #gone = false;

  /** `owner`: as messages call it. */
  constructor(owner: string) {
    this.#owner = owner;
  }

  /** @throws SluiceError `COMMAND_REFUSED` when the owner is gone: nobody would end what starts now */
  assertOpen(): void {
    if (!this.#gone) return;
    throw new SluiceError(
      "COMMAND_REFUSED",
      `${this.#owner} was unloaded and can start no programs any more`,
    );
  }

  /** Counts a program that has started. Call what it returns when it has ended. */
  add(program: RunningProgram): () => void {
    this.#running.add(program);
    return () => void this.#running.delete(program);
  }

  async dispose(): Promise<void> {
    this.#gone = true;
    await Promise.all([...this.#running].map((program) => program.end()));
  }
}
