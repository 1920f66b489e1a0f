import type { Transaction } from "../engine/types.ts";
import type { TurnOutcome, TurnStatus } from "../records.ts";

/** A turn as it lies in its table. */
export interface TurnRow {
  run_id: string;
  ordinal: number;
  session_key: string;
  session_id: string;
  agent_id: string;
  inbox_id: string | null;
  status: TurnStatus;
  attempts: number;
  starts: number;
  request: string;
  outcome: string | null;
  created_at: number;
  started_at: number | null;
  ended_at: number | null;
}

export interface TurnRecord {
  runId: string;
  /** Order of acceptance over the whole gateway. */
  ordinal: number;
  sessionKey: string;
  sessionId: string;
  agentId: string;
  status: TurnStatus;
  /** Restarts in a row that got stuck before the model began to answer. */
  attempts: number;
  /** Starts in all. */
  starts: number;
  outcome?: TurnOutcome;
  createdAt: number;
  startedAt?: number;
  endedAt?: number;
}

export function toTurnRecord(row: TurnRow): TurnRecord {
  return {
    runId: row.run_id,
    ordinal: row.ordinal,
    sessionKey: row.session_key,
    sessionId: row.session_id,
    agentId: row.agent_id,
    status: row.status,
    attempts: row.attempts,
    starts: row.starts,
    ...(row.outcome === null ? {} : { outcome: JSON.parse(row.outcome) as TurnOutcome }),
    createdAt: row.created_at,
    ...(row.started_at === null ? {} : { startedAt: row.started_at }),
    ...(row.ended_at === null ? {} : { endedAt: row.ended_at }),
  };
}

export async function readTurn(tx: Transaction, runId: string): Promise<TurnRow | undefined> {
  return tx.get<TurnRow>("SELECT * FROM turns WHERE run_id = ?", runId);
}
