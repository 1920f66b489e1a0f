import type { FlowStatus } from "../../contracts/task-flows.ts";
import type { Transaction } from "../engine/types.ts";
import { bumpCounter } from "./counters.ts";
import { finishCancelled } from "./flow-rows.ts";

/** Ended flows kept for each session, newest first. */
export const MAX_ENDED_FLOWS = 256;

/** Ended flows are kept this long (gateway protocol 13.7). */
export const FLOW_RETENTION_MS = 7 * 86_400_000;

/** Flows that one upkeep removes or gives up. */
export const MAX_SWEPT_FLOWS = 512;

/** What becomes of flows that nobody moves any more, and how many there are. */
export const flowUpkeep = {
  /** Ends what was asked to end, gives up what nobody can continue, removes what ended long ago. */
  async sweep(
    tx: Transaction,
    { now }: { now: number },
  ): Promise<{ cancelled: number; lost: number; removed: number }> {
    const cancelled = await finishCancelled(tx, now);
    // A controller comes back through its session; without the session nobody does.
    const orphans = await tx.run(
      `UPDATE flows SET status = 'lost', ended_at = ?, updated_at = ?, revision = revision + 1
       WHERE flow_id IN (
         SELECT flow_id FROM flows WHERE ended_at IS NULL AND updated_at < ?
           AND NOT EXISTS (SELECT 1 FROM sessions WHERE sessions.session_key = flows.owner_key) LIMIT ?)`,
      now,
      now,
      now - FLOW_RETENTION_MS,
      MAX_SWEPT_FLOWS,
    );
    const removed = await tx.run(
      "DELETE FROM flows WHERE flow_id IN (SELECT flow_id FROM flows WHERE ended_at < ? ORDER BY ended_at LIMIT ?)",
      now - FLOW_RETENTION_MS,
      MAX_SWEPT_FLOWS,
    );
    if (removed.changes > 0) await bumpCounter(tx, "flows.removed", removed.changes);
    return { cancelled, lost: orphans.changes, removed: removed.changes };
  },

  /** The books of DESIGN §1: what was accepted and where it is now. */
  async counts(
    tx: Transaction,
    _input: Record<string, never>,
  ): Promise<{ accepted: number; removed: number; byStatus: Partial<Record<FlowStatus, number>> }> {
    const rows = await tx.all<{ status: FlowStatus; total: number }>(
      "SELECT status, COUNT(*) AS total FROM flows GROUP BY status",
    );
    const counters = await tx.all<{ name: string; value: number }>(
      "SELECT name, value FROM counters WHERE name IN ('flows.accepted', 'flows.removed')",
    );
    const of = (name: string) => counters.find((counter) => counter.name === name)?.value ?? 0;
    return {
      accepted: of("flows.accepted"),
      removed: of("flows.removed"),
      byStatus: Object.fromEntries(rows.map(({ status, total }) => [status, total])),
    };
  },
};

/** Removes the oldest ended flows of a session that has more than {@link MAX_ENDED_FLOWS}. */
export async function forgetEndedOf(tx: Transaction, ownerKey: string): Promise<void> {
  const { changes } = await tx.run(
    `DELETE FROM flows WHERE flow_id IN (
       SELECT flow_id FROM flows WHERE owner_key = ? AND ended_at IS NOT NULL
       ORDER BY ended_at DESC, ordinal DESC LIMIT ? OFFSET ?)`,
    ownerKey,
    MAX_SWEPT_FLOWS,
    MAX_ENDED_FLOWS,
  );
  if (changes > 0) await bumpCounter(tx, "flows.removed", changes);
}
