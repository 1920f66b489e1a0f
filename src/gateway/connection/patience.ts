import { MAX_INVALID_FRAMES, MAX_ROLE_VIOLATIONS } from "../../protocol/limits.ts";

/** Counts what a client does wrong in a row. Each question answers why the connection ends, if it does. */
export class Patience {
  #violations = 0;
  #invalidFrames = 0;

  roleChecked(violated: boolean): string | undefined {
    this.#violations = violated ? this.#violations + 1 : 0;
    return this.#violations > MAX_ROLE_VIOLATIONS ? "repeated unauthorized calls" : undefined;
  }

  /** Whoever sends nothing but rubbish costs everybody else the time to read it. */
  invalidFrame(): string | undefined {
    this.#invalidFrames += 1;
    return this.#invalidFrames > MAX_INVALID_FRAMES ? "too many invalid frames" : undefined;
  }

  validFrame(): void {
    this.#invalidFrames = 0;
  }
}
