/** Everything a {@link SluiceError} can carry besides its code and message. */
export interface SluiceErrorOptions {
  /** Machine-readable facts: which field, what was expected, which limit. Never secrets. */
  details?: unknown;
  /** Whether trying the same thing again can succeed. Default false. */
  retryable?: boolean;
  /** How long to wait before trying again, in milliseconds. */
  retryAfterMs?: number;
  cause?: unknown;
}

const BRAND = Symbol.for("sluice.error");

/**
 * The one error class. `code` is stable and UPPER_SNAKE; `message` tells the user what to do next.
 *
 * Each floor narrows `Code` to its own closed union. Recognise one with {@link isSluiceError}, never
 * with `instanceof`: the SDK that plugins import may be another copy of this module.
 */
export class SluiceError<Code extends string = string> extends Error {
  readonly code: Code;
  readonly details: unknown;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  readonly [BRAND] = true;

  constructor(code: Code, message: string, options: SluiceErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "SluiceError";
    this.code = code;
    this.details = options.details;
    this.retryable = options.retryable ?? false;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** True for a {@link SluiceError} of any copy of this module. */
export function isSluiceError(value: unknown): value is SluiceError {
  try {
    return typeof value === "object" && value !== null && (value as Record<symbol, unknown>)[BRAND] === true;
  } catch {
    // Anything can be thrown, also a proxy that throws again.
    return false;
  }
}

/** Longest text taken from anything that was thrown; messages are copied into records, logs and replies. */
export const MAX_ERROR_MESSAGE_LENGTH = 16_384;

/** The text of anything that was thrown, also of what throws again when it is looked at. */
export function errorMessage(thrown: unknown): string {
  const text = textOf(thrown);
  return text.length > MAX_ERROR_MESSAGE_LENGTH ? `${text.slice(0, MAX_ERROR_MESSAGE_LENGTH - 1)}…` : text;
}

function textOf(thrown: unknown): string {
  try {
    if (thrown instanceof Error) return String(thrown.message);
    if (typeof thrown === "string") return thrown;
    return JSON.stringify(thrown) ?? String(thrown);
  } catch {
    return describeDefensively(thrown);
  }
}

function describeDefensively(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return "something that can not be read";
  }
}

/** Turns anything that was thrown into an `Error`, keeping errors as they are. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(errorMessage(thrown));
}
