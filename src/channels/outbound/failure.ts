import { errorMessage, isSluiceError } from "../../kernel/errors.ts";

/** Delays before each further attempt of an outbound message (spec 14.1); after the last one it is dead. */
export const RETRY_SCHEDULE_MS = [5_000, 25_000, 120_000, 600_000, 600_000] as const;

/** A platform that asks for a longer pause is tried again after this one. */
export const MAX_RETRY_AFTER_MS = 86_400_000;

/** Tries within one attempt, for failures that surely sent nothing. */
export const QUICK_TRIES = 3;
const QUICK_MIN_MS = 400;
const QUICK_MAX_MS = 30_000;

/** Codes of a connection that was never opened. */
const NOT_CONNECTED = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ENETDOWN",
  "ENETUNREACH",
  "EHOSTUNREACH",
]);
/** Codes of a connection that broke; what was on its way may have arrived. */
const BROKEN = new Set(["ECONNRESET", "EPIPE", "ETIMEDOUT", "ECONNABORTED", "TIMEOUT", "ABORT_ERR"]);
const NOT_DISPATCHED = "OPENCLAW_PLATFORM_MESSAGE_NOT_DISPATCHED";
const PERMANENT =
  /chat not found|user not found|no such (?:nick|channel|user)|bot was blocked|blocked by|forbidden|not a member|invalid (?:recipient|chat|channel|user)|deactivated|opted out|recipient .*(?:unknown|not exist)/i;

export type FailureKind =
  /** Nothing was sent; trying again is safe. */
  | "not-sent"
  /** The platform refuses this message for good. */
  | "permanent"
  /** It may have arrived. */
  | "ambiguous";

export interface Failure {
  kind: FailureKind;
  message: string;
  retryAfterMs?: number;
}

/**
 * What a failed send means. `dispatched` is whether the adapter had said that bytes were leaving; without
 * that, only the failures that are known to be late count as ambiguous.
 */
export function classifyFailure(error: unknown, dispatched: boolean): Failure {
  const message = errorMessage(error);
  const fields = (typeof error === "object" && error !== null ? error : {}) as Record<string, unknown>;
  const code = codeOf(fields);
  const retryAfterMs = retryAfterOf(error, fields);
  const failure = (kind: FailureKind): Failure =>
    retryAfterMs === undefined ? { kind, message } : { kind, message, retryAfterMs };

  if (code === NOT_DISPATCHED) return failure(fields["retryable"] === false ? "permanent" : "not-sent");
  const status = statusOf(fields);
  if (status === 429) return failure("not-sent");
  if (code !== undefined && NOT_CONNECTED.has(code)) return failure("not-sent");
  if (PERMANENT.test(message) || status === 403 || status === 404 || status === 400)
    return failure("permanent");
  if (isSluiceError(error) && code !== undefined && !BROKEN.has(code)) {
    if (error.retryable) return failure(dispatched ? "ambiguous" : "not-sent");
    return failure("permanent");
  }
  if (dispatched) return failure("ambiguous");
  if (code !== undefined && BROKEN.has(code)) return failure("ambiguous");
  if (fields["name"] === "AbortError" || fields["name"] === "TimeoutError") return failure("ambiguous");
  return failure("not-sent");
}

/** Delay before quick try number `tryIndex` (from 1), with a tenth of jitter from `random` in [0, 1). */
export function quickDelayMs(tryIndex: number, retryAfterMs: number | undefined, random: number): number {
  const base = Math.min(QUICK_MIN_MS * 2 ** (tryIndex - 1), QUICK_MAX_MS);
  return Math.max(retryAfterMs ?? 0, Math.round(base * (0.95 + random * 0.1)));
}

/** Longer waits than this are left to the schedule. */
export function isQuick(delayMs: number): boolean {
  return delayMs <= QUICK_MAX_MS;
}

function codeOf(fields: Record<string, unknown>): string | undefined {
  if (typeof fields["code"] === "string") return fields["code"];
  const cause = fields["cause"];
  return typeof cause === "object" && cause !== null ? codeOf(cause as Record<string, unknown>) : undefined;
}

function statusOf(fields: Record<string, unknown>): number | undefined {
  for (const key of ["status", "statusCode", "error_code"]) {
    if (typeof fields[key] === "number") return fields[key];
  }
  return undefined;
}

/** What somebody else's code says is a number in a range, or nothing. */
function retryAfterOf(error: unknown, fields: Record<string, unknown>): number | undefined {
  const stated = statedWaitOf(error, fields);
  if (stated === undefined || Number.isNaN(stated)) return undefined;
  return Math.min(Math.max(0, Math.ceil(stated)), MAX_RETRY_AFTER_MS);
}

function statedWaitOf(error: unknown, fields: Record<string, unknown>): number | undefined {
  if (isSluiceError(error)) return error.retryAfterMs;
  if (typeof fields["retryAfterMs"] === "number") return fields["retryAfterMs"];
  const seconds =
    fields["retryAfter"] ?? (fields["parameters"] as Record<string, unknown> | undefined)?.["retry_after"];
  return typeof seconds === "number" ? seconds * 1_000 : undefined;
}
