import type { AssistantMessage } from "../../contracts/messages.ts";
import { emptyUsage } from "../../contracts/messages.ts";
import type { AssistantMessageEvent } from "../../contracts/model-stream.ts";
import type { Clock } from "../../kernel/clock.ts";
import { errorMessage, isSluiceError } from "../../kernel/errors.ts";
import type { ModelQuestion, ModelRequest } from "../models/request.ts";
import type { Models, ResolvedModel } from "../models/types.ts";
import { callModel } from "./model-call.ts";
import { ABORTED, unlessAborted } from "./unless-aborted.ts";

/** Tries of one model that is over its rate limit. */
export const MAX_RATE_LIMIT_TRIES = 10;
/** Tries of one model that fails for another passing reason, and how long they may go on. */
export const MAX_PASSING_TRIES = 8;
export const PASSING_WINDOW_MS = 90_000;
export const FIRST_RETRY_MS = 1_000;
export const LONGEST_RETRY_MS = 30_000;
/** A server that wants to be left alone for longer than this is not waited for. */
export const LONGEST_SERVER_DELAY_MS = 60_000;

export interface ModelAsk {
  models: Models;
  resolved: ResolvedModel;
  question: ModelQuestion;
  signal: AbortSignal;
  clock: Clock;
  onEvent(event: AssistantMessageEvent): void;
  /** A try failed; the next one begins after `delayMs`. */
  onRetry?(retry: { tries: number; delayMs: number; reason: string }): void;
}

/**
 * Asks a model the way its provider wants it and tries again what may pass (spec 2.6): a rate limit, an
 * overload, an error of the server, each only while nothing was said yet. Never rejects: what goes wrong is
 * a message with `stopReason` `error` or `aborted`.
 */
export async function askModel(ask: ModelAsk): Promise<AssistantMessage> {
  const { models, resolved, clock, signal } = ask;
  const startedAt = clock.monotonic();
  for (let tries = 1; ; tries++) {
    let request: ModelRequest;
    try {
      const prepared = await unlessAborted(signal, models.prepare(resolved, ask.question));
      if (prepared === ABORTED) {
        return { ...refused(resolved, "the turn was stopped", clock), stopReason: "aborted" };
      }
      request = prepared;
    } catch (error) {
      return refused(resolved, error, clock);
    }
    const seen = {
      said: false,
      status: undefined as number | undefined,
      delay: undefined as string | undefined,
    };
    const { onResponse } = request.options;
    const answer = await callModel({
      ...request,
      options: {
        ...request.options,
        onResponse: (response, model) => {
          seen.status = response.status;
          seen.delay = retryAfterIn(response.headers);
          onResponse?.(response, model);
        },
      },
      signal,
      idleTimeoutMs: resolved.idleTimeoutMs,
      clock,
      onEvent: (event) => {
        if (event.type !== "start") seen.said = true;
        ask.onEvent(event);
      },
    });
    const explained = models.explain(resolved, answer, seen.status);
    if (explained.stopReason !== "error" || seen.said || signal.aborted) return explained;
    const reason = explained.errorCode ?? "unknown";
    const delayMs = nextDelay(reason, seen, tries, clock.monotonic() - startedAt, clock.now());
    if (delayMs === undefined) return explained;
    ask.onRetry?.({ tries, delayMs, reason });
    await waitFor(delayMs, clock, signal);
    if (signal.aborted) return { ...explained, stopReason: "aborted" };
  }
}

/** How long to wait before the next try; `undefined` when there is none. */
function nextDelay(
  reason: string,
  seen: { status: number | undefined; delay: string | undefined },
  tries: number,
  elapsedMs: number,
  now: number,
): number | undefined {
  // Without an answer of the server there is nobody to wait for.
  if (seen.status === undefined) return undefined;
  const limited = reason === "rate_limit";
  if (!limited && reason !== "overloaded" && reason !== "server_error") return undefined;
  if (tries >= (limited ? MAX_RATE_LIMIT_TRIES : MAX_PASSING_TRIES)) return undefined;
  const wanted = seen.delay === undefined ? undefined : parseRetryAfter(seen.delay, now);
  if (wanted !== undefined && wanted > LONGEST_SERVER_DELAY_MS) return undefined;
  const delay = wanted ?? Math.min(FIRST_RETRY_MS * 2 ** (tries - 1), LONGEST_RETRY_MS);
  return limited || elapsedMs + delay <= PASSING_WINDOW_MS ? delay : undefined;
}

const MILLISECONDS = "ms:";

function retryAfterIn(headers: Readonly<Record<string, string>>): string | undefined {
  const precise = headers["retry-after-ms"];
  return precise === undefined ? headers["retry-after"] : `${MILLISECONDS}${precise}`;
}

/** Seconds, or a date (RFC 9110); milliseconds from zero up, `undefined` for anything else. */
function parseRetryAfter(text: string, now: number): number | undefined {
  const precise = text.startsWith(MILLISECONDS);
  const number = Number(precise ? text.slice(MILLISECONDS.length) : text);
  if (Number.isFinite(number)) return Math.max(0, precise ? number : number * 1_000);
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

function waitFor(delayMs: number, clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      signal.removeEventListener("abort", done);
      void timer.dispose();
      resolve();
    };
    const timer = clock.after(delayMs, done);
    signal.addEventListener("abort", done, { once: true });
  });
}

/** The provider could not even be asked. */
function refused(resolved: ResolvedModel, error: unknown, clock: Clock): AssistantMessage {
  const { api, provider, id } = resolved.model;
  return {
    role: "assistant",
    content: [],
    api,
    provider,
    model: id,
    usage: emptyUsage(),
    stopReason: "error",
    errorMessage: errorMessage(error),
    errorCode: isSluiceError(error) ? error.code : "auth",
    timestamp: clock.now(),
  };
}
