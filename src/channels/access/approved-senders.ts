import type { Clock } from "../../kernel/clock.ts";
import type { Store } from "../../store/index.ts";
import { normalizeAccountId } from "../routing/session-key.ts";

/** Ids of the senders whom pairing let in on an account; without one, on the default account. */
export async function approvedSenders(
  { store, clock }: { store: Store; clock: Clock },
  channel: string,
  accountId: string | null | undefined,
): Promise<string[]> {
  const rows = await store.call.channelPairing.list({
    status: "approved",
    channel,
    accountId: normalizeAccountId(accountId),
    now: clock.now(),
  });
  return rows.map((row) => row.senderId);
}
