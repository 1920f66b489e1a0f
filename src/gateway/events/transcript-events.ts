import type { Disposable } from "../../kernel/disposable.ts";
import type { AgentRuntime, TranscriptUpdate } from "../../runtime/agent/types.ts";
import type { EventHub } from "./hub.ts";

/** Tells subscribers about every committed transcript entry as `session.message` (spec 6.5). */
export function tellTranscripts(
  agent: AgentRuntime,
  hub: EventHub,
  display: (update: TranscriptUpdate) => unknown,
): Disposable {
  return agent.onTranscript((update) => {
    const { sessionKey, agentId, entry } = update;
    const message = display(update);
    const common = {
      sessionKey,
      agentId,
      messageId: entry.entryId,
      messageSeq: entry.seq,
      ...(entry.runId === undefined ? {} : { runId: entry.runId }),
    };
    if (message === undefined) {
      // Entries that are not shown still change the session's row.
      hub.publish("sessions.changed", { ...common, ts: entry.createdAt, phase: "message" }, { sessionKey });
      return;
    }
    hub.publish("session.message", { ...common, message }, { sessionKey });
  });
}
