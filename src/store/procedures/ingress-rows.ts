import type { Transaction } from "../engine/types.ts";
import type { InboxRow } from "./inbox-rows.ts";

/** Rows one call looks at or changes at most. */
export const INGRESS_PAGE_LIMIT = 500;

/** The queue of one account. */
export interface QueueInput {
  channel: string;
  accountId: string;
}

/** An event of a queue, in whatever state. */
export function findEvent(
  tx: Transaction,
  input: QueueInput & { eventId: string },
): Promise<InboxRow | undefined> {
  return tx.get<InboxRow>(
    "SELECT * FROM inbox WHERE channel = ? AND account_id = ? AND kind = 'event' AND message_id = ?",
    input.channel,
    input.accountId,
    input.eventId,
  );
}
