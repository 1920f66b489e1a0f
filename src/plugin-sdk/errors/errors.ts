import { isRecord } from "../values/records.ts";

/** Reading errors of any origin. */

export function coerceErrorMessage(value: unknown): string {
  if (value instanceof Error) return value.message || value.name;
  if (typeof value === "string") return value;
  if (isRecord(value) && typeof value["message"] === "string") return value["message"];
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}

const MAX_CAUSES = 4;

/** The message, with the messages of its causes behind it where they say something new. */
export function formatErrorMessage(error: unknown): string {
  let text = coerceErrorMessage(error);
  let cause: unknown = error instanceof Error ? error.cause : undefined;
  for (let depth = 0; cause !== undefined && cause !== null && depth < MAX_CAUSES; depth++) {
    const message = coerceErrorMessage(cause);
    if (message !== "" && !text.includes(message)) text += ` | ${message}`;
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return text;
}

export function toErrorObject(value: unknown, fallbackMessage: string): Error {
  if (value instanceof Error) return value;
  if (typeof value === "string" && value.trim() !== "") return new Error(value);
  return new Error(fallbackMessage, { cause: value });
}

export function toStringifiedError(value: unknown): Error {
  return value instanceof Error ? value : new Error(coerceErrorMessage(value));
}

/** `code` as text, also from a number. */
export function extractErrorCode(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const code = (error as { code?: unknown }).code;
  if (typeof code === "string") return code;
  return typeof code === "number" ? String(code) : undefined;
}

export function readErrorName(error: unknown): string {
  if (typeof error !== "object" || error === null) return "";
  const name = (error as { name?: unknown }).name;
  return typeof name === "string" ? name : "";
}

/** The error and everything reachable through its causes (or `resolveNested`), each once, breadth first. */
export function collectErrorGraphCandidates(
  error: unknown,
  resolveNested: (current: Record<string, unknown>) => Iterable<unknown> = (current) => [current["cause"]],
): unknown[] {
  const found = new Set<unknown>();
  const queue: unknown[] = [error];
  for (let current = queue.shift(); current !== undefined && current !== null; current = queue.shift()) {
    if (found.has(current)) continue;
    found.add(current);
    if (typeof current === "object") queue.push(...listed(resolveNested(current as Record<string, unknown>)));
  }
  return [...found];
}

function listed(values: Iterable<unknown>): unknown[] {
  return [...values].filter((value) => value !== undefined && value !== null);
}

export function isApprovalNotFoundError(error: unknown): boolean {
  return collectErrorGraphCandidates(error).some(
    (candidate) =>
      extractErrorCode(candidate) === "APPROVAL_NOT_FOUND" ||
      /unknown or expired approval id/i.test(coerceErrorMessage(candidate)),
  );
}

/** Says that nothing left the process, so that sending again is safe (spec 1.10). */
export class PlatformMessageNotDispatchedError extends Error {
  readonly code = "OPENCLAW_PLATFORM_MESSAGE_NOT_DISPATCHED";
  readonly retryable: boolean;

  constructor(message: string, options: { cause?: unknown; retryable?: boolean } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "PlatformMessageNotDispatchedError";
    this.retryable = options.retryable ?? true;
  }
}
