import type { Disposable } from "../../kernel/disposable.ts";
import type { AgentRuntime, TranscriptUpdate } from "../../runtime/agent/index.ts";
import type { EventDraft, EventHub } from "./hub.ts";

/** A committed transcript entry as it is shown; `undefined` for one that is not. */
export type Display = (update: TranscriptUpdate) => unknown;

/** Tells subscribers about every committed transcript entry as `session.message` (spec 6.5). */
export function tellTranscripts(agent: AgentRuntime, hub: EventHub, display: Display): Disposable {
  return agent.onTranscript((update) => {
    const { event, payload, options } = transcriptEvent(update, display);
    hub.publish(event, payload, options);
  });
}

/** What clients hear of an entry. */
export function transcriptEvent(update: TranscriptUpdate, display: Display): EventDraft {
  const { sessionKey, agentId, entry } = update;
  const message = display(update);
  const common = {
    sessionKey,
    agentId,
    messageId: entry.entryId,
    messageSeq: entry.seq,
    ...(entry.runId === undefined ? {} : { runId: entry.runId }),
  };
  const options = { sessionKey };
  // Entries that are not shown still change the session's row.
  if (message === undefined) {
    const payload = { ...common, ts: entry.createdAt, phase: "message" };
    return { event: "sessions.changed", payload, options };
  }
  return { event: "session.message", payload: { ...common, message }, options };
}
