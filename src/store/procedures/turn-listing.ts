import type { Transaction } from "../engine/types.ts";
import type { TurnOutcome, TurnRequest, TurnStatus } from "../records.ts";

/** Rows one call may return. */
export const TURN_LISTING_LIMIT = 500;

/** A turn with what it was asked, for people who look after it. */
export interface TurnRow {
  runId: string;
  sessionKey: string;
  agentId: string;
  origin: string;
  status: TurnStatus;
  attempts: number;
  request: TurnRequest;
  outcome?: TurnOutcome;
  createdAt: number;
  endedAt?: number;
}

interface StoredTurn {
  run_id: string;
  session_key: string;
  agent_id: string;
  origin: string;
  status: TurnStatus;
  attempts: number;
  request: string;
  outcome: string | null;
  created_at: number;
  ended_at: number | null;
}

/** Reading turns by state, newest first. */
export const turnListingProcedures = {
  async list(tx: Transaction, input: { status: TurnStatus; limit: number }): Promise<TurnRow[]> {
    const rows = await tx.all<StoredTurn>(
      "SELECT * FROM turns WHERE status = ? ORDER BY ordinal DESC LIMIT ?",
      input.status,
      Math.min(input.limit, TURN_LISTING_LIMIT),
    );
    return rows.map(toRow);
  },

  async explain(tx: Transaction, input: { runId: string }): Promise<TurnRow | undefined> {
    const row = await tx.get<StoredTurn>("SELECT * FROM turns WHERE run_id = ?", input.runId);
    return row && toRow(row);
  },
};

function toRow(row: StoredTurn): TurnRow {
  return {
    runId: row.run_id,
    sessionKey: row.session_key,
    agentId: row.agent_id,
    origin: row.origin,
    status: row.status,
    attempts: row.attempts,
    request: JSON.parse(row.request) as TurnRequest,
    createdAt: row.created_at,
    ...(row.outcome === null ? {} : { outcome: JSON.parse(row.outcome) as TurnOutcome }),
    ...(row.ended_at === null ? {} : { endedAt: row.ended_at }),
  };
}
