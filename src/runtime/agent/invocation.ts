import { SluiceError } from "../../kernel/errors.ts";

/** Tells tools whether the turn they were made for still goes on (plugin-sdk spec 3.4). */
export class Invocation {
  readonly #signal: AbortSignal;
  #over = false;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** @throws SluiceError `INVOCATION_OVER` when the turn has ended or was stopped */
  readonly assertCurrent = (): void => {
    if (!this.#over && !this.#signal.aborted) return;
    throw new SluiceError(
      "INVOCATION_OVER",
      "the turn this tool was made for has ended; what it would do now would surprise everybody",
    );
  };

  end(): void {
    this.#over = true;
  }
}
