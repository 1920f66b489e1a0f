import { errorMessage, SluiceError } from "../../kernel/errors.ts";
import type { DiagnosticCode } from "../diagnostic-codes.ts";
import { diagnosticText } from "../diagnostic-text.ts";

/** Why a plugin did not load: the diagnostic's code, and the step it failed in (spec 2.11.1). */
export type FailurePhase = "validation" | "load" | "register";

export class PluginFailure extends SluiceError<DiagnosticCode> {
  readonly phase: FailurePhase;

  constructor(phase: FailurePhase, code: DiagnosticCode, message: string, cause?: unknown) {
    super(code, diagnosticText(message), { cause });
    this.name = "PluginFailure";
    this.phase = phase;
  }
}

/** Anything that was thrown while `entry` was loaded, as why its plugin does not run. */
export function asFailure(error: unknown, entry: string): PluginFailure {
  if (error instanceof PluginFailure) return error;
  return new PluginFailure("load", "load-failed", `loading ${entry} failed: ${errorMessage(error)}`, error);
}
