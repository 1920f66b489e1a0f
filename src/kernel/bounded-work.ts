import { Script } from "node:vm";
import { SluiceError } from "./errors.ts";

export type BoundedWorkErrorCode = "WORK_TOO_LONG";

/** Where the script finds the work; set only while it runs. */
const SLOT = Symbol.for("sluice.bounded-work");
const script = new Script('globalThis[Symbol.for("sluice.bounded-work")]()');

/**
 * Runs synchronous `work` and ends it after `limitMs`, wherever it is: for rules that come from outside (a
 * schema that branches without end, a pattern that backtracks for ever). The work must not leave anything half
 * done, and may not call this function.
 *
 * @throws SluiceError `WORK_TOO_LONG`, or what `work` throws
 */
export function boundedWork<T>(work: () => T, limitMs: number): T {
  const slots = globalThis as { [SLOT]?: () => unknown };
  slots[SLOT] = work;
  try {
    return script.runInThisContext({ timeout: limitMs }) as T;
  } catch (error) {
    if ((error as { code?: unknown } | null)?.code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
    throw new SluiceError<BoundedWorkErrorCode>("WORK_TOO_LONG", `it takes longer than ${limitMs} ms`);
  } finally {
    delete slots[SLOT];
  }
}
