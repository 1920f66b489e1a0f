import type { ChannelPlugin } from "../../contracts/channel.ts";
import type { InboundMessage, InboundResult } from "../../contracts/channel-runtime.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Store } from "../../store/index.ts";
import type { InboxRecord } from "../../store/procedures/inbox-rows.ts";
import { buildPairingReply, newPairingCode } from "../access/pairing-codes.ts";
import type { MessageOutlet } from "../outbound/outlet.ts";
import { normalizerOf } from "./gate.ts";
import type { InboundHooks } from "./hooks.ts";

/** Answers strangers: a code by return, once (spec 1.6). */
export class PairingDesk {
  readonly #parts: { store: Store; clock: Clock; outlet: MessageOutlet };
  readonly #hooks: InboundHooks;

  constructor(parts: { store: Store; clock: Clock; outlet: MessageOutlet }, hooks: InboundHooks) {
    this.#parts = parts;
    this.#hooks = hooks;
  }

  /** Request, reply and the end of the inbox row are one transaction. */
  async ask(record: InboxRecord, message: InboundMessage, plugin: ChannelPlugin): Promise<InboundResult> {
    const { store, clock, outlet } = this.#parts;
    const { channel, accountId, inboxId } = record;
    const { sender } = message;
    const senderId = normalizerOf(plugin)(sender.id);
    const code = newPairingCode();
    const meta: Record<string, unknown> = {};
    if (sender.name !== undefined) meta["name"] = sender.name;
    if (sender.username !== undefined) meta["username"] = sender.username;
    const idLine = `Your ${plugin.pairing?.idLabel ?? "id"}: ${sender.id}`;
    const result = await store.call.channelPairing.request({
      channel,
      accountId,
      senderId,
      code,
      meta,
      reply: outlet.draft({
        idempotencyKey: `pairing:${channel}:${accountId}:${senderId}:${code}`,
        channel,
        accountId,
        to: message.reply.to,
        text: buildPairingReply({ channel: plugin.id, idLine, code }),
      }),
      inboxId,
      now: clock.now(),
    });
    if (result.created) {
      outlet.poke(channel, accountId);
      this.#hooks.pairingRequested(record, senderId, code, meta);
    }
    const reason = result.state === "full" ? "pairing-queue-full" : "pairing-required";
    return { status: "ignored", inboxId, reason };
  }
}
