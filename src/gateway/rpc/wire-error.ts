import { errorMessage, isSluiceError } from "../../kernel/errors.ts";
import { type ErrorCode, isErrorCode, type WireError } from "../../protocol/error-codes.ts";

/** Longest message sent to a client. */
export const MAX_ERROR_MESSAGE = 2_000;

/** Codes of the floors below that mean the caller asked for something it must change. */
const CALLER_FAULTS =
  /(_INVALID|_NOT_FOUND|_CONFLICT|_TOO_LARGE|_TOO_DEEP|_FORBIDDEN_KEY|_OUTSIDE_ROOT|_UNKNOWN|_REQUIRED|_EXISTS|^UNKNOWN_.+)$/;

/**
 * Turns anything thrown into the error of a response; the only place that decides this (spec 4.1). A code
 * of the protocol is kept; a code of another floor goes to `details.code`.
 *
 * @param redact masks secrets in a text
 */
export function toWireError(thrown: unknown, redact: (text: string) => string): WireError {
  const message = redact(errorMessage(thrown)).slice(0, MAX_ERROR_MESSAGE);
  if (!isSluiceError(thrown)) return { code: "UNAVAILABLE", message };
  const known = isErrorCode(thrown.code);
  const code: ErrorCode = known
    ? (thrown.code as ErrorCode)
    : CALLER_FAULTS.test(thrown.code)
      ? "INVALID_REQUEST"
      : "UNAVAILABLE";
  const error: WireError = { code, message };
  const details = redactedDetails(known ? thrown.details : withCode(thrown.code, thrown.details), redact);
  if (details !== undefined) error.details = details;
  if (thrown.retryable) error.retryable = true;
  if (thrown.retryAfterMs !== undefined) error.retryAfterMs = Math.max(0, Math.ceil(thrown.retryAfterMs));
  return error;
}

/** Details go out as JSON, so that is where secrets are looked for. */
function redactedDetails(details: unknown, redact: (text: string) => string): unknown {
  const json = details === undefined ? undefined : JSON.stringify(details);
  if (json === undefined) return undefined;
  const clean = redact(json);
  return clean === json ? details : (JSON.parse(clean) as unknown);
}

function withCode(code: string, details: unknown): unknown {
  if (typeof details !== "object" || details === null || Array.isArray(details)) {
    return details === undefined ? { code } : { code, value: details };
  }
  return { code, ...details };
}
