import type { BegunTurn, FinishTurnInput } from "../../store/procedures/turns.ts";
import type { OutboxDraft, TurnOutcome, TurnRequest } from "../../store/records.ts";
import type { TurnEnd } from "./running-turn.ts";

/** Everything the finishing transaction writes. */
export function finishInput(
  request: TurnRequest,
  end: TurnEnd,
  outbox: OutboxDraft[],
  now: number,
): FinishTurnInput {
  const { outcome, usage } = end;
  return {
    outcome,
    entries: end.entries,
    outbox,
    ...(request.inboxId === undefined ? {} : { inbox: inboxEnd(request.inboxId, outcome) }),
    usage: {
      input: usage.input + usage.cacheRead + usage.cacheWrite,
      output: usage.output,
      cost: usage.cost.total,
    },
    sessionPatch: {
      status: sessionStatus(outcome),
      startedAt: outcome.startedAt,
      endedAt: outcome.endedAt,
      runtimeMs: outcome.endedAt - outcome.startedAt,
      lastRunId: outcome.runId,
      abortedLastRun: outcome.status === "aborted" ? true : null,
      totalTokens: outcome.message?.usage.totalTokens || null,
      ...(outcome.model ? { model: outcome.model, modelProvider: outcome.provider } : {}),
      lastRunError: outcome.error?.message ?? null,
      ...(end.authProfile === undefined
        ? {}
        : { authProfileOverride: end.authProfile, authProfileOverrideSource: "auto" }),
    },
    ...(end.blocked
      ? {
          blockedUserMessage: JSON.stringify({
            role: "user",
            content: "(blocked message)",
            timestamp: now,
            blocked: { ...end.blocked, at: now },
          }),
        }
      : {}),
    now,
  };
}

function inboxEnd(inboxId: string, outcome: TurnOutcome): NonNullable<FinishTurnInput["inbox"]> {
  if (outcome.status === "aborted") {
    return { inboxId, status: "ignored", reason: `aborted:${outcome.stopReason ?? ""}` };
  }
  return { inboxId, status: "answered", ...(outcome.status === "failed" ? { reason: "failed" } : {}) };
}

function sessionStatus(outcome: TurnOutcome): "done" | "failed" | "killed" | "timeout" {
  if (outcome.status !== "aborted") return outcome.status;
  return outcome.stopReason === "timeout" ? "timeout" : "killed";
}

/** The end of a turn that was interrupted too often to be tried again. */
export function gaveUp(request: TurnRequest, begun: BegunTurn, now: number): TurnEnd {
  return failedEnd(request, begun, now, {
    code: "TURN_START_FAILED",
    message: `the turn was started ${begun.turn.starts} times and never finished`,
    text: "⚠️ The agent could not answer: it was interrupted too often.",
  });
}

/** The end of a turn whose answer the store refuses for good. */
export function unwritable(request: TurnRequest, begun: BegunTurn, now: number): TurnEnd {
  return failedEnd(request, begun, now, {
    code: "TURN_NOT_WRITTEN",
    message: "the answer could not be stored; the gateway's log says why",
    text: "⚠️ The agent answered, but the answer could not be stored.",
  });
}

function failedEnd(
  request: TurnRequest,
  begun: BegunTurn,
  now: number,
  { code, message, text }: { code: string; message: string; text: string },
): TurnEnd {
  const usage = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, totalTokens: 0 };
  return {
    usage: { ...usage, cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, total: 0 } },
    entries: [],
    outcome: {
      runId: request.runId,
      sessionKey: request.sessionKey,
      sessionId: begun.turn.sessionId,
      agentId: request.agentId,
      status: "failed",
      startedAt: begun.turn.startedAt ?? now,
      endedAt: now,
      payloads: [{ text, isError: true }],
      stopReason: "error",
      error: { code, message },
    },
  };
}
