import type { MessagePort } from "node:worker_threads";
import { errorMessage, isSluiceError, SluiceError } from "../../kernel/errors.ts";
import type { DatabaseStats } from "./types.ts";

/** One call as the worker takes it; the procedure is named `<group>.<name>`. */
export type WireCall = readonly [id: number, procedure: string, input: unknown];

/** One answer of the worker: id, then either the output or what went wrong. */
export type WireAnswer =
  | readonly [id: number, ok: true, output: unknown]
  | readonly [id: number, ok: false, error: WireError];

/** A {@link SluiceError} as plain data; class instances do not survive structured cloning. */
export interface WireError {
  code: string;
  message: string;
  details?: unknown;
  retryable: boolean;
  retryAfterMs?: number;
  stack?: string;
}

/**
 * Calls one after the other, each as its three parts. Cloning is most of what a call costs, and a list of plain
 * values is the cheapest there is to clone: an object around it makes a call a fifth dearer.
 */
export type FlatCalls = readonly unknown[];
/** Answers in the same form. */
export type FlatAnswers = readonly unknown[];

/** Parts of a call, and of an answer. */
const PARTS = 3;

/** Hands out the calls of a flat list in order. */
export function forEachCall(calls: FlatCalls, take: (call: WireCall) => void): void {
  for (let at = 0; at < calls.length; at += PARTS) {
    take([calls[at] as number, calls[at + 1] as string, calls[at + 2]]);
  }
}

/** Hands out the answers of a flat list in order. */
export function forEachAnswer(answers: FlatAnswers, take: (answer: WireAnswer) => void): void {
  for (let at = 0; at < answers.length; at += PARTS) {
    take([answers[at], answers[at + 1], answers[at + 2]] as unknown as WireAnswer);
  }
}

/** Tells a list of calls or answers from the other messages. */
export function isFlat(message: ToWorker | FromWorker): message is readonly unknown[] {
  return Array.isArray(message);
}

export type ToWorker =
  | FlatCalls
  | { kind: "sync-port"; port: MessagePort; signal: Int32Array }
  | { kind: "sync-call"; call: WireCall }
  | { kind: "backup"; id: number; targetFile: string }
  | { kind: "maintain"; id: number }
  | { kind: "stats"; id: number }
  | { kind: "close" };

export type FromWorker =
  | { kind: "ready" }
  | { kind: "refused"; error: WireError }
  | FlatAnswers
  | { kind: "closed"; error?: WireError };

/** What the worker is told when it starts. */
export interface WorkerSeed {
  file: string;
  lockWaitMs: number;
}

/** What the worker alone can count; the client adds what it has queued. */
export type WorkerStats = Omit<DatabaseStats, "queued">;

/** Turns anything a procedure threw into plain data. Unknown errors become `STORE_FAILED`. */
export function encodeError(thrown: unknown): WireError {
  if (!isSluiceError(thrown)) {
    return { code: "STORE_FAILED", message: errorMessage(thrown), retryable: false, ...stackOf(thrown) };
  }
  const { code, message, details, retryable, retryAfterMs } = thrown;
  return {
    code,
    message,
    retryable,
    ...(details === undefined ? {} : { details: cloneable(details) }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...stackOf(thrown),
  };
}

/** The error as thrown in the worker; its stack there is kept as the cause. */
export function decodeError(error: WireError): SluiceError {
  let cause: Error | undefined;
  if (error.stack !== undefined) {
    cause = new Error(error.message);
    cause.stack = error.stack;
  }
  return new SluiceError(error.code, error.message, {
    retryable: error.retryable,
    ...(error.details === undefined ? {} : { details: error.details }),
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
    ...(cause === undefined ? {} : { cause }),
  });
}

function stackOf(thrown: unknown): { stack?: string } {
  return thrown instanceof Error && thrown.stack !== undefined ? { stack: thrown.stack } : {};
}

function cloneable(details: unknown): unknown {
  try {
    return structuredClone(details);
  } catch {
    return errorMessage(details);
  }
}
