import type { Disposable } from "../../kernel/disposable.ts";
import type { EventPlaces, EventRows } from "../../store/procedures/event-log.ts";
import type { TranscriptRecord } from "../../store/procedures/transcripts.ts";
import type { DeliveryTarget, OutboxDraft, TurnOutcome, TurnRequest } from "../../store/records.ts";

export interface TurnAccepted {
  runId: string;
  sessionKey: string;
  sessionId: string;
  agentId: string;
  /** `started`: new; `in_flight`: known and not ended; `ended`: known, see `outcome`. */
  status: "started" | "in_flight" | "ended";
  /** Position of the user message in the transcript. */
  messageSeq?: number;
  outcome?: TurnOutcome;
}

/** One event of a run (spec 3.4, wire 6.4). `seq` starts at 1 per run and has no gaps before merging. */
export interface AgentEvent {
  runId: string;
  seq: number;
  ts: number;
  sessionKey?: string;
  sessionId?: string;
  agentId?: string;
  stream: string;
  data: Record<string, unknown>;
}

/** A committed transcript entry and where it belongs. */
export interface TranscriptUpdate {
  sessionKey: string;
  agentId: string;
  entry: TranscriptRecord;
}

/** What `agent` asks of the floors above, handed in by the composition root. */
export interface ReplyPlanner {
  /**
   * Splits a final answer into outbox rows for the target (chunked at the channel's limit). Pure; runs
   * before the finishing transaction, which inserts the rows.
   */
  plan(target: DeliveryTarget, outcome: TurnOutcome): OutboxDraft[];
}

/** Events written with somebody else's commit. */
export interface CommitEvents {
  readonly rows: EventRows;
  /**
   * The rows are committed: runs `announce`, in which what they say is not published a second time, then
   * tells them. Call it exactly once for rows that were written; later rows wait for these.
   */
  told(places: EventPlaces, announce: () => void): void;
}

/** Says which rows of the event log belong to a turn's commits; the floor that tells clients hands it in. */
export interface TurnEventRows {
  /** A turn is accepted and begins; `entry` is its message as it is going to be. */
  started(
    run: { runId: string; sessionKey: string; sessionId: string; agentId: string },
    now: number,
    entry: TranscriptRecord | undefined,
  ): CommitEvents | undefined;
  /** A turn ends with this event; `entry` is its answer as it is going to be. */
  ended(event: AgentEvent, entry: TranscriptRecord | undefined): CommitEvents | undefined;
}

/** Runs agent turns: one at a time per session lane, durable from acceptance to outcome. */
export interface AgentRuntime extends Disposable {
  /**
   * Records the turn (user message, turn row, inbox link) in one transaction, then queues it on its
   * session lane. Repeating a `runId` changes nothing and reports the state of the first.
   */
  accept(request: TurnRequest): Promise<TurnAccepted>;
  /** Resolves with the outcome, or `undefined` when `timeoutMs` passes first. Remembers ended runs via the store. */
  wait(runId: string, timeoutMs: number): Promise<TurnOutcome | undefined>;
  /** Aborts running and queued turns of a session, or one of them. Partial text is kept in the transcript. */
  abort(target: {
    sessionKey: string;
    runId?: string;
    reason: string;
  }): Promise<{ aborted: boolean; runIds: string[] }>;
  /** Partial text of the active run of a session. */
  inFlight(sessionKey: string): { runId: string; text: string } | undefined;
  activeRuns(): readonly { runId: string; sessionKey: string; startedAt: number }[];
  /** Adds an event to a run that has not ended; its number and place are the run's. False for any other run. */
  publish(event: { runId: string; stream: string; data: unknown }): boolean;
  onEvent(listener: (event: AgentEvent) => void): Disposable;
  /** After the finishing transaction; outbox rows, if any, are committed by then. */
  onFinished(listener: (outcome: TurnOutcome) => void): Disposable;
  /** One call per transcript entry, after it was committed. */
  onTranscript(listener: (update: TranscriptUpdate) => void): Disposable;
  /** Writes the events of a turn's start and end with its commits. One at a time; the last one given counts. */
  writeEvents(rows: TurnEventRows): Disposable;
  /** Resolves when no turn of the session waits or runs any more. */
  whenIdle(sessionKey: string): Promise<void>;
  /** Puts every open turn of an earlier process back on its lane. Called once at start. */
  resume(): Promise<{ resumed: number }>;
  /** Stops accepting and waits for running turns up to `limitMs`; the rest stay queued for the next start. */
  drain(limitMs: number): Promise<void>;
}
