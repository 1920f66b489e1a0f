import type { Disposable } from "../../kernel/disposable.ts";
import { disposable } from "../../kernel/disposable.ts";
import type { TranscriptRecord } from "../../store/procedures/transcripts.ts";
import type { AcceptTurnInput, ExpectedEvents, FinishTurnInput } from "../../store/procedures/turns.ts";
import type { Run } from "./open-runs.ts";
import { SessionTails } from "./session-tails.ts";
import type { AgentEvent, CommitEvents, TurnEventRows } from "./types.ts";

/** Events that go into a commit, and what tells them afterwards. */
export interface EventsAhead {
  expected: ExpectedEvents;
  told: CommitEvents["told"];
}

/**
 * Lets the events of a turn's first and last commit be written with them: nobody waits for a commit of their
 * own, and after a crash there is no end without its event. Positions are told ahead from what this process
 * saw last; where that was wrong, the store leaves the events out and they are published in the ordinary way.
 */
export class CommitEventsOfTurns {
  readonly tails = new SessionTails();
  #rows: TurnEventRows | undefined;

  use(rows: TurnEventRows): Disposable {
    this.#rows = rows;
    return disposable(() => {
      if (this.#rows === rows) this.#rows = undefined;
    });
  }

  ofStart({ request, userMessage, newSession, now }: AcceptTurnInput): EventsAhead | undefined {
    if (!this.#rows) return undefined;
    const { runId, sessionKey, agentId } = request;
    const tail = this.tails.get(sessionKey) ?? { sessionId: newSession.sessionId, seq: 0 };
    const { sessionId } = tail;
    const entry = userMessage && {
      ...userMessage,
      type: "message",
      sessionId,
      seq: tail.seq + 1,
      runId,
      idempotencyKey: `${runId}:user`,
      createdAt: now,
    };
    return ahead(this.#rows.started({ runId, sessionKey, sessionId, agentId }, now, entry), sessionId, entry);
  }

  ofEnd(run: Run, event: AgentEvent, { entries, now }: FinishTurnInput): EventsAhead | undefined {
    const [written, ...more] = entries;
    const tail = this.tails.get(run.sessionKey);
    if (!this.#rows || more.length > 0 || (written && tail?.sessionId !== run.sessionId)) return undefined;
    const { sessionId, runId } = run;
    const entry = written && {
      type: "message",
      ...written,
      sessionId,
      seq: (tail?.seq ?? 0) + 1,
      runId,
      createdAt: now,
    };
    return ahead(this.#rows.ended(event, entry), sessionId, entry);
  }
}

function ahead(
  events: CommitEvents | undefined,
  sessionId: string,
  entry: TranscriptRecord | undefined,
): EventsAhead | undefined {
  if (!events) return undefined;
  const { rows, told } = events;
  return { told, expected: { ...rows, sessionId, ...(entry ? { seq: entry.seq } : {}) } };
}
