import type { AgentEvent } from "../../runtime/agent/index.ts";
import type { TurnOutcome } from "../../store/records.ts";
import type { EventDraft } from "./hub.ts";

/** Whose run an event is about. */
export interface RunPlace {
  runId: string;
  sessionKey: string;
  agentId: string | undefined;
  sessionId: string | undefined;
}

/** A `chat` event of a run (spec 6.4). */
export function chatEvent(run: RunPlace, seq: number, fields: Record<string, unknown>): EventDraft {
  const { runId, sessionKey, agentId } = run;
  const payload = { runId, sessionKey, ...(agentId === undefined ? {} : { agentId }), seq, ...fields };
  return { event: "chat", payload, options: { sessionKey } };
}

/** The one `chat` event that ends a run. */
export function terminalChat(run: RunPlace, event: AgentEvent, outcome: TurnOutcome | undefined): EventDraft {
  const message = outcome && visibleMessage(outcome);
  const ended = endOf(event, outcome);
  const common = {
    ...(outcome?.stopReason === undefined ? {} : { stopReason: outcome.stopReason }),
    ...(message ? { message: chatMessage(message.text, message.timestamp) } : {}),
  };
  const usage = outcome?.usage === undefined ? {} : { usage: outcome.usage };
  if (ended === "aborted") return chatEvent(run, event.seq, { state: "aborted", ...common });
  if (ended === "failed") {
    const errorMessage = outcome?.error?.message ?? String(event.data["error"] ?? "the run failed");
    return chatEvent(run, event.seq, { state: "error", errorMessage, ...common, ...usage });
  }
  return chatEvent(run, event.seq, { state: "final", ...common, ...usage });
}

/** How a run ended, by its outcome or, without one, by its last event. */
export function endOf(event: AgentEvent, outcome: TurnOutcome | undefined): TurnOutcome["status"] {
  return outcome?.status ?? (event.data["phase"] === "error" ? "failed" : "done");
}

/** A run began or ended: the session's row looks different. */
export function sessionChanged(
  run: RunPlace,
  change: { ts: number; phase: string; activeRunIds: string[] },
): EventDraft {
  const { runId, sessionKey, agentId, sessionId } = run;
  const { ts, phase, activeRunIds } = change;
  const payload = {
    sessionKey,
    ...(agentId === undefined ? {} : { agentId }),
    ...(sessionId === undefined ? {} : { sessionId }),
    ts,
    phase,
    runId,
    activeRunIds,
  };
  return { event: "sessions.changed", payload, options: { sessionKey } };
}

export function chatMessage(text: string, timestamp: number) {
  return { role: "assistant", content: [{ type: "text", text: text.trimEnd() }], timestamp };
}

/** The text people see; `undefined` for a silent reply and for a failure without an answer. */
export function visibleMessage(outcome: TurnOutcome): { text: string; timestamp: number } | undefined {
  const text = outcome.payloads
    .filter((payload) => !payload.isError)
    .map((payload) => payload.text)
    .join("\n\n");
  if (text === "") return undefined;
  return { text, timestamp: outcome.message?.timestamp ?? outcome.endedAt };
}
