import type { Transaction } from "../engine/types.ts";
import type { OutboxDraft } from "../records.ts";
import { bumpCounter } from "./counters.ts";
import { OUTBOX_OPEN } from "./outbox-rows.ts";

/**
 * Inserts outbound messages in order, inside the transaction that makes them necessary. A draft whose
 * idempotency key is known changes nothing. Returns the ids that were new.
 */
export async function insertOutboxDrafts(
  tx: Transaction,
  input: { drafts: readonly OutboxDraft[]; now: number },
): Promise<string[]> {
  if (input.drafts.length === 0) return [];
  const last = await bumpCounter(tx, "outbox.ordinal", input.drafts.length);
  let ordinal = last - input.drafts.length;
  const inserted: string[] = [];
  for (const draft of input.drafts) {
    ordinal += 1;
    const row = await tx.get(
      `INSERT INTO outbox (outbox_id, ordinal, idempotency_key, channel, account_id, recipient, thread_id,
         reply_to_id, session_key, run_id, status, available_at, lane_head, content, chunks, media, created_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'queued', ?,
         CASE WHEN EXISTS (SELECT 1 FROM outbox WHERE channel = ? AND account_id = ? AND recipient = ? AND ${OUTBOX_OPEN})
           THEN 0 ELSE 1 END, ?, ?, ?, ?)
       ON CONFLICT (idempotency_key) DO NOTHING RETURNING outbox_id`,
      draft.outboxId,
      ordinal,
      draft.idempotencyKey,
      draft.channel,
      draft.accountId,
      draft.to,
      draft.threadId ?? null,
      draft.replyToId ?? null,
      draft.sessionKey ?? null,
      draft.runId ?? null,
      input.now,
      draft.channel,
      draft.accountId,
      draft.to,
      draft.content ?? null,
      JSON.stringify(draft.chunks),
      draft.media ? JSON.stringify(draft.media) : null,
      input.now,
    );
    if (row) inserted.push(draft.outboxId);
  }
  if (inserted.length > 0) await bumpCounter(tx, "outbox.accepted", inserted.length);
  return inserted;
}
