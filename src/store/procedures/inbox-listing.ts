import type { Transaction } from "../engine/types.ts";
import { INBOX_STATUSES, type InboxStatus } from "../records.ts";
import { bumpCounter } from "./counters.ts";
import {
  countDeliveries,
  DELIVERY_TRIM_BATCH,
  type DeliveryCounts,
  deleteSettled,
  listDeliveries,
  pageLimit,
} from "./delivery-listing.ts";
import { type InboxKind, type InboxRecord, type InboxRow, toInboxRecord } from "./inbox-rows.ts";

/** Reading the inbox, and what retention takes from it. */
export const inboxListing = {
  async list(
    tx: Transaction,
    input: { status?: InboxStatus; channel?: string; accountId?: string; kind?: InboxKind; limit?: number },
  ): Promise<InboxRecord[]> {
    const columns = {
      kind: input.kind ?? "message",
      status: input.status,
      channel: input.channel,
      account_id: input.accountId,
    };
    return (await listDeliveries<InboxRow>(tx, "inbox", columns, input.limit)).map(toInboxRecord);
  },

  /** One row with everything that is known about it. */
  async explain(tx: Transaction, input: { inboxId: string }): Promise<InboxRecord | undefined> {
    const row = await tx.get<InboxRow>("SELECT * FROM inbox WHERE inbox_id = ?", input.inboxId);
    return row ? toInboxRecord(row) : undefined;
  },

  /**
   * Messages of a conversation that started no turn since the last one that did, oldest first: the
   * context of the next turn (spec 1.18.5).
   */
  async history(
    tx: Transaction,
    input: {
      channel: string;
      accountId: string;
      conversation: string;
      reason: string;
      limit: number;
      /** The ordinal of the message whose history this is. */
      beforeOrdinal: number;
    },
  ): Promise<InboxRecord[]> {
    const last = await tx.get<{ ordinal: number }>(
      `SELECT ordinal FROM inbox WHERE channel = ? AND account_id = ? AND conversation = ?
         AND kind = 'message' AND run_id IS NOT NULL AND ordinal < ? ORDER BY ordinal DESC LIMIT 1`,
      input.channel,
      input.accountId,
      input.conversation,
      input.beforeOrdinal,
    );
    const rows = await tx.all<InboxRow>(
      `SELECT * FROM inbox WHERE channel = ? AND account_id = ? AND conversation = ? AND kind = 'message'
         AND ordinal > ? AND ordinal < ? AND status = 'ignored' AND reason = ? ORDER BY ordinal DESC LIMIT ?`,
      input.channel,
      input.accountId,
      input.conversation,
      last?.ordinal ?? 0,
      input.beforeOrdinal,
      input.reason,
      pageLimit(input.limit),
    );
    return rows.reverse().map(toInboxRecord);
  },

  async counts(tx: Transaction, input: { kind?: InboxKind }): Promise<DeliveryCounts<InboxStatus>> {
    const kind = input.kind ?? "message";
    return countDeliveries(tx, { table: "inbox", counter: `inbox.${kind}`, statuses: INBOX_STATUSES, kind });
  },

  /**
   * Deletes settled rows: those settled before `before`, and the oldest beyond the newest `keep`. At most
   * {@link DELIVERY_TRIM_BATCH} per call; `more` tells to call again.
   */
  async trim(
    tx: Transaction,
    input: { before: number; keep: number },
  ): Promise<{ deleted: number; more: boolean }> {
    const gone = await deleteSettled<{ kind: InboxKind }>(tx, "inbox", { ...input, returning: "kind" });
    for (const kind of ["message", "event"] as const) {
      const count = gone.filter((row) => row.kind === kind).length;
      if (count > 0) await bumpCounter(tx, `inbox.${kind}.trimmed`, count);
    }
    return { deleted: gone.length, more: gone.length === DELIVERY_TRIM_BATCH };
  },
};
