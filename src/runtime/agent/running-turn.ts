import type { Usage } from "../../contracts/messages.ts";
import type { NewTranscriptEntry } from "../../store/procedures/transcripts.ts";
import type { BegunTurn } from "../../store/procedures/turns.ts";
import type { TurnOutcome, TurnRequest } from "../../store/records.ts";
import type { Blocked } from "./turn-parts.ts";

export type TurnErrorCode =
  | "EMPTY_RESPONSE"
  | "LOOP_DETECTED"
  | "RETRY_LIMIT"
  | "MODEL_FAILED"
  | "MODELS_FAILED"
  | "TURN_FAILED"
  | "TIMEOUT";

/** A turn that runs: what it was asked and how it talks to its surroundings. */
export interface RunningTurn {
  request: TurnRequest;
  begun: BegunTurn;
  /** Aborts with an `AbortReason`. */
  signal: AbortSignal;
  emit(stream: string, data: Record<string, unknown>): void;
  /** Writes entries at once. */
  record(entries: NewTranscriptEntry[]): Promise<void>;
  /** Visible text of the message in progress. */
  onText(text: string): void;
  /** The model began to answer. */
  onModelStarted(): void;
}

/** Why a turn was stopped from outside. */
export class AbortReason extends Error {
  readonly stopReason: string;

  constructor(stopReason: string) {
    super(`the turn was stopped: ${stopReason}`);
    this.name = "AbortReason";
    this.stopReason = stopReason;
  }
}

/** The end of a turn before it is written. */
export interface TurnEnd {
  outcome: TurnOutcome;
  entries: NewTranscriptEntry[];
  usage: Usage;
  /** The sign-in that the session gets used to. */
  authProfile?: string;
  /** A plugin blocked the turn: its message must not stay in the transcript. */
  blocked?: Blocked;
}
