import type { Transaction } from "../engine/types.ts";
import { OUTBOX_STATUSES, type OutboxStatus } from "../records.ts";
import { bumpCounter } from "./counters.ts";
import {
  countDeliveries,
  DELIVERY_TRIM_BATCH,
  type DeliveryCounts,
  deleteSettled,
  listDeliveries,
} from "./delivery-listing.ts";
import { type OutboxRecord, type OutboxRow, toOutboxRecord } from "./outbox-rows.ts";

/** Reading the outbox, and what retention takes from it. */
export const outboxListing = {
  async list(
    tx: Transaction,
    input: { status?: OutboxStatus; channel?: string; accountId?: string; limit?: number },
  ): Promise<OutboxRecord[]> {
    const columns = { status: input.status, channel: input.channel, account_id: input.accountId };
    return (await listDeliveries<OutboxRow>(tx, "outbox", columns, input.limit)).map(toOutboxRecord);
  },

  /** One row with everything that is known about it, by id or idempotency key. */
  async explain(
    tx: Transaction,
    input: { outboxId?: string; idempotencyKey?: string },
  ): Promise<OutboxRecord | undefined> {
    const row =
      input.outboxId !== undefined
        ? await tx.get<OutboxRow>("SELECT * FROM outbox WHERE outbox_id = ?", input.outboxId)
        : await tx.get<OutboxRow>(
            "SELECT * FROM outbox WHERE idempotency_key = ?",
            input.idempotencyKey ?? "",
          );
    return row ? toOutboxRecord(row) : undefined;
  },

  async counts(tx: Transaction, _input: Record<string, never>): Promise<DeliveryCounts<OutboxStatus>> {
    return countDeliveries(tx, { table: "outbox", counter: "outbox", statuses: OUTBOX_STATUSES });
  },

  /** Deletes settled rows older than `before` and beyond the newest `keep`; bounded per call. */
  async trim(
    tx: Transaction,
    input: { before: number; keep: number },
  ): Promise<{ deleted: number; more: boolean }> {
    const gone = await deleteSettled(tx, "outbox", { ...input, returning: "outbox_id" });
    if (gone.length > 0) await bumpCounter(tx, "outbox.trimmed", gone.length);
    return { deleted: gone.length, more: gone.length === DELIVERY_TRIM_BATCH };
  },
};
