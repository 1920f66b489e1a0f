import type { Clock } from "../../kernel/clock.ts";
import { errorMessage } from "../../kernel/errors.ts";
import type { Logger } from "../../kernel/logger.ts";
import type { Store } from "../../store/index.ts";
import { approvedSenders } from "../access/approved-senders.ts";
import { buildPairingReply, newPairingCode } from "../access/pairing-codes.ts";
import { normalizeAccountId } from "../routing/session-key.ts";

/** `api.runtime.channel.pairing` (spec 1.19): who asked to be let in, and who was. */
export function createPairingNamespace(parts: {
  store: Store;
  clock: Clock;
  logger: Logger;
}): Record<string, unknown> {
  const { store, clock, logger } = parts;
  return {
    buildPairingReply,
    upsertPairingRequest: async (params: {
      channel: string;
      id: string;
      accountId?: string | null;
      meta?: Record<string, unknown>;
    }) => {
      const result = await store.call.channelPairing.request({
        channel: params.channel,
        accountId: normalizeAccountId(params.accountId),
        senderId: params.id.trim().toLowerCase(),
        code: newPairingCode(),
        ...(params.meta ? { meta: params.meta } : {}),
        now: clock.now(),
      });
      return { code: result.code, created: result.created };
    },
    readAllowFromStore: async (
      paramsOrChannel: string | { channel: string; accountId?: string | null },
      _env?: unknown,
      accountId?: string,
    ): Promise<string[]> => {
      const params =
        typeof paramsOrChannel === "string" ? { channel: paramsOrChannel, accountId } : paramsOrChannel;
      try {
        return await approvedSenders(parts, params.channel, params.accountId);
      } catch (error) {
        // Nobody is let in when the list cannot be read.
        logger.error("the approved senders could not be read", { error: errorMessage(error) });
        return [];
      }
    },
    removeAllowFromStoreEntry: async (params: {
      channel: string;
      accountId?: string | null;
      entry: string;
    }) => {
      const key = { channel: params.channel, accountId: normalizeAccountId(params.accountId) };
      const changed = await store.call.channelPairing.revoke({
        ...key,
        senderId: params.entry.trim().toLowerCase(),
      });
      return { changed, allowFrom: await approvedSenders(parts, key.channel, key.accountId) };
    },
  };
}
