import { errorMessage, isSluiceError, SluiceError } from "../kernel/errors.ts";
import { EXIT, type ExitCode } from "./exit-codes.ts";

export type CliErrorCode =
  | "USAGE"
  | "GATEWAY_UNREACHABLE"
  | "GATEWAY_LOST"
  | "GATEWAY_TIMEOUT"
  | "GATEWAY_INSECURE"
  | "GATEWAY_REFUSED"
  | "CHECKS_FAILED"
  | "CHECKS_TIMED_OUT";

/** A failure the command line raises itself. */
export function cliError(
  code: CliErrorCode,
  message: string,
  details?: unknown,
  cause?: unknown,
): SluiceError<CliErrorCode> {
  return new SluiceError(code, message, { details, cause });
}

/** What is shown of a failure: `{ code, message, details? }`. */
export interface ShownError {
  code: string;
  message: string;
  details?: unknown;
}

export function describeError(thrown: unknown): ShownError {
  if (!isSluiceError(thrown)) return { code: "FAILED", message: errorMessage(thrown) };
  const { code, message, details } = thrown;
  return details === undefined ? { code, message } : { code, message, details };
}

const EXIT_BY_CODE: Readonly<Record<string, ExitCode>> = {
  USAGE: EXIT.USAGE,
  GATEWAY_UNREACHABLE: EXIT.UNREACHABLE,
  GATEWAY_LOST: EXIT.UNREACHABLE,
  GATEWAY_INSECURE: EXIT.USAGE,
  GATEWAY_REFUSED: EXIT.REFUSED,
  FORBIDDEN: EXIT.REFUSED,
  NOT_PAIRED: EXIT.REFUSED,
  GATEWAY_TIMEOUT: EXIT.TIMED_OUT,
  AGENT_TIMEOUT: EXIT.TIMED_OUT,
  CHECKS_TIMED_OUT: EXIT.TIMED_OUT,
  SPEC_INVALID: EXIT.USAGE,
  SHAPE_UNKNOWN: EXIT.USAGE,
  PLUGIN_ID_INVALID: EXIT.USAGE,
  FOLDER_NOT_EMPTY: EXIT.USAGE,
  FOLDER_UNKNOWN: EXIT.USAGE,
  ENTRY_UNKNOWN: EXIT.USAGE,
  NOT_A_TOOL_PLUGIN: EXIT.USAGE,
  PLUGIN_UNKNOWN: EXIT.USAGE,
  SOURCE_UNSUPPORTED: EXIT.USAGE,
  CONSENT_REQUIRED: EXIT.REFUSED,
  POLICY_BLOCKED: EXIT.REFUSED,
  POLICY_WARNING: EXIT.REFUSED,
  install_policy_warning_acknowledgement_required: EXIT.REFUSED,
  HOOK_BLOCKED: EXIT.REFUSED,
};

export function exitCodeOf(thrown: unknown): ExitCode {
  return EXIT_BY_CODE[describeError(thrown).code] ?? EXIT.FAILED;
}
