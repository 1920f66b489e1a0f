import type { Transaction } from "../engine/types.ts";
import type { TurnOutcome, TurnStatus } from "../records.ts";
import { finishTurn, recordEntries } from "./turn-end.ts";
import { readTurn, type TurnRecord, type TurnRow, toTurnRecord } from "./turn-rows.ts";
import { acceptTurn, beginTurn } from "./turn-start.ts";

export type { FinishTurnInput } from "./turn-end.ts";
export type { TurnRecord } from "./turn-rows.ts";
export type { AcceptTurnInput, AcceptTurnOutput, BegunTurn, ExpectedEvents } from "./turn-start.ts";

/** Turns one page of `open` holds. */
export const MAX_OPEN_TURNS_PAGE = 1_000;

/** Ended turns one call of `trim` deletes; the sweep calls again while there is more. */
export const TURN_TRIM_BATCH = 1_000;

/** Procedures over agent turns: accepted = queued + running + done + failed + aborted, always. */
export const turnProcedures = {
  accept: acceptTurn,
  begin: beginTurn,
  record: recordEntries,
  finish: finishTurn,

  async get(tx: Transaction, input: { runId: string }): Promise<TurnRecord | undefined> {
    const row = await readTurn(tx, input.runId);
    return row && toTurnRecord(row);
  },

  /** Notes that a restarted turn is stuck before the model: too many of these and it is given up. */
  async stalled(tx: Transaction, input: { runId: string }): Promise<void> {
    await tx.run(
      "UPDATE turns SET attempts = attempts + 1 WHERE run_id = ? AND status = 'running'",
      input.runId,
    );
  },

  /** Notes that the model has begun to answer: failed starts before this no longer count. */
  async started(tx: Transaction, input: { runId: string }): Promise<void> {
    await tx.run("UPDATE turns SET attempts = 0 WHERE run_id = ? AND status = 'running'", input.runId);
  },

  /** Ends turns that are still queued, all of a session or one of them. */
  async abort(
    tx: Transaction,
    input: { sessionKey: string; runId?: string; reason: string; now: number },
  ): Promise<TurnOutcome[]> {
    const rows = await tx.all<TurnRow>(
      input.runId === undefined
        ? "SELECT * FROM turns WHERE session_key = ? AND status = 'queued' ORDER BY ordinal LIMIT ?"
        : "SELECT * FROM turns WHERE session_key = ? AND status = 'queued' AND run_id = ? LIMIT ?",
      input.sessionKey,
      ...(input.runId === undefined ? [] : [input.runId]),
      MAX_OPEN_TURNS_PAGE,
    );
    const outcomes: TurnOutcome[] = [];
    for (const row of rows) {
      const outcome: TurnOutcome = {
        runId: row.run_id,
        sessionKey: row.session_key,
        sessionId: row.session_id,
        agentId: row.agent_id,
        status: "aborted",
        startedAt: row.started_at ?? input.now,
        endedAt: input.now,
        payloads: [],
        stopReason: input.reason,
      };
      await finishTurn(tx, {
        outcome,
        entries: [],
        outbox: [],
        ...(row.inbox_id === null
          ? {}
          : { inbox: { inboxId: row.inbox_id, status: "ignored", reason: `aborted:${input.reason}` } }),
        now: input.now,
      });
      outcomes.push(outcome);
    }
    return outcomes;
  },

  /** Puts turns that an earlier process left running back in the queue. Returns how many. */
  async requeue(tx: Transaction, input: { runId?: string }): Promise<number> {
    const result =
      input.runId === undefined
        ? await tx.run("UPDATE turns SET status = 'queued' WHERE status = 'running'")
        : await tx.run(
            "UPDATE turns SET status = 'queued' WHERE status = 'running' AND run_id = ?",
            input.runId,
          );
    return result.changes;
  },

  /** Queued turns in order of acceptance. */
  async open(tx: Transaction, input: { afterOrdinal?: number; limit?: number }): Promise<TurnRecord[]> {
    const rows = await tx.all<TurnRow>(
      "SELECT * FROM turns WHERE status = 'queued' AND ordinal > ? ORDER BY ordinal LIMIT ?",
      input.afterOrdinal ?? 0,
      Math.min(input.limit ?? MAX_OPEN_TURNS_PAGE, MAX_OPEN_TURNS_PAGE),
    );
    return rows.map(toTurnRecord);
  },

  /**
   * Lets go of turns that ended before `before`, and of the oldest beyond the newest `keep`. What was said stays
   * in the transcript and the books go on counting them; only their run ids are not known any more.
   */
  async trim(
    tx: Transaction,
    input: { before: number; keep: number },
  ): Promise<{ deleted: number; more: boolean }> {
    const boundary = await tx.get<{ ended_at: number }>(
      "SELECT ended_at FROM turns WHERE ended_at IS NOT NULL ORDER BY ended_at DESC LIMIT 1 OFFSET ?",
      Math.max(0, input.keep),
    );
    const { changes } = await tx.run(
      `DELETE FROM turns WHERE run_id IN (
         SELECT run_id FROM turns WHERE ended_at IS NOT NULL AND ended_at <= ? ORDER BY ended_at LIMIT ?)`,
      Math.max(input.before - 1, boundary?.ended_at ?? -1),
      TURN_TRIM_BATCH,
    );
    return { deleted: changes, more: changes === TURN_TRIM_BATCH };
  },

  /** The books of DESIGN §1: what was accepted and where it is now. */
  async counts(
    tx: Transaction,
    _input: Record<string, never>,
  ): Promise<{ accepted: number; byStatus: Record<TurnStatus, number>; balanced: boolean }> {
    const byStatus: Record<TurnStatus, number> = { queued: 0, running: 0, done: 0, failed: 0, aborted: 0 };
    const open = await tx.all<{ status: TurnStatus; total: number }>(
      "SELECT status, COUNT(*) AS total FROM turns WHERE status IN ('queued', 'running') GROUP BY status",
    );
    for (const row of open) byStatus[row.status] = row.total;
    const counters = await tx.all<{ name: string; value: number }>(
      "SELECT name, value FROM counters WHERE name IN ('turns.accepted', 'turns.done', 'turns.failed', 'turns.aborted')",
    );
    let accepted = 0;
    for (const { name, value } of counters) {
      if (name === "turns.accepted") accepted = value;
      else byStatus[name.slice("turns.".length) as TurnStatus] = value;
    }
    const present = Object.values(byStatus).reduce((sum, value) => sum + value, 0);
    return { accepted, byStatus, balanced: accepted === present };
  },
};
