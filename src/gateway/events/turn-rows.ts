import type { AgentEvent, CommitEvents, TurnEventRows } from "../../runtime/agent/index.ts";
import type { TranscriptRecord } from "../../store/procedures/transcripts.ts";
import type { TurnOutcome } from "../../store/records.ts";
import type { EventDraft, EventHub } from "./hub.ts";
import { type RunPlace, sessionChanged, terminalChat } from "./run-payloads.ts";
import { type Display, transcriptEvent } from "./transcript-events.ts";

/** The state-changing events of a turn's start and end, for the transactions that make them true. */
export class TurnRows implements TurnEventRows {
  readonly #hub: EventHub;
  readonly #display: Display;

  constructor(hub: EventHub, display: Display) {
    this.#hub = hub;
    this.#display = display;
  }

  started(
    run: { runId: string; sessionKey: string; sessionId: string; agentId: string },
    now: number,
    entry: TranscriptRecord | undefined,
  ): CommitEvents | undefined {
    const change = { ts: now, phase: "start", activeRunIds: [run.runId] };
    return this.#hub.ahead([...this.#entry(run, entry), sessionChanged(run, change)]);
  }

  ended(event: AgentEvent, entry: TranscriptRecord | undefined): CommitEvents | undefined {
    const { runId, sessionKey, agentId, sessionId, ts } = event;
    if (sessionKey === undefined) return undefined;
    const run = { runId, sessionKey, agentId, sessionId };
    const phase = String(event.data["phase"]);
    const outcome = event.data["outcome"] as TurnOutcome | undefined;
    return this.#hub.ahead([
      ...this.#entry(run, entry),
      terminalChat(run, event, outcome),
      sessionChanged(run, { ts, phase, activeRunIds: [] }),
    ]);
  }

  #entry({ sessionKey, agentId }: RunPlace, entry: TranscriptRecord | undefined): EventDraft[] {
    if (entry?.type !== "message" || agentId === undefined) return [];
    return [transcriptEvent({ sessionKey, agentId, entry }, this.#display)];
  }
}
