import type { ChannelAccountSnapshot } from "../contracts/channel.ts";
import type { ChannelRuntime } from "../contracts/channel-runtime.ts";
import type { Clock } from "../kernel/clock.ts";
import { SluiceError } from "../kernel/errors.ts";
import type { Logger } from "../kernel/logger.ts";
import type { Store } from "../store/index.ts";
import type { OutboxRecord } from "../store/procedures/outbox-rows.ts";
import { DELIVERY_PAGE_LIMIT } from "../store/records.ts";
import type { ChannelAccounts } from "./accounts/accounts.ts";
import type { ChannelFoundation } from "./foundation.ts";
import type { MessageOutlet } from "./outbound/outlet.ts";
import type { OutboundPump } from "./outbound/pump.ts";
import { resolveTarget } from "./routing/target.ts";
import type { ChannelStatus, PairingApproval, SendRequest } from "./types.ts";

/** How often a waited-for row is looked at. */
const DELIVERY_POLL_MS = 250;

export interface OperationParts {
  foundation: ChannelFoundation;
  accounts: ChannelAccounts;
  outlet: MessageOutlet;
  pump: OutboundPump;
  runtime: ChannelRuntime;
  store: Store;
  clock: Clock;
  logger: Logger;
}

/** What people ask of channels: how they are, to send, to start and stop, to let a sender in. */
export class ChannelOperations {
  readonly #parts: OperationParts;

  constructor(parts: OperationParts) {
    this.#parts = parts;
  }

  status(): ChannelStatus[] {
    const cfg = this.#parts.foundation.config();
    return this.#parts.foundation.directory.list().map((plugin) => ({
      id: plugin.id,
      label: plugin.meta?.label ?? plugin.id,
      defaultAccountId: this.#parts.foundation.directory.defaultAccountId(plugin, cfg),
      accounts: this.#parts.accounts.snapshots(plugin.id),
    }));
  }

  async send(
    request: SendRequest,
  ): Promise<{ outboxId: string; inserted: boolean; to: string; accountId: string }> {
    const cfg = this.#parts.foundation.config();
    const plugin = this.#channel(request.channel);
    if (request.text.trim() === "") {
      throw new SluiceError("INVALID_REQUEST", "the message is empty; give it a text");
    }
    const accountId = request.accountId ?? this.#parts.foundation.directory.defaultAccountId(plugin, cfg);
    const to = await resolveTarget(plugin, { cfg, accountId, input: request.to });
    const queued = await this.#parts.outlet.enqueue({
      idempotencyKey: request.idempotencyKey,
      channel: plugin.id,
      accountId,
      to,
      text: request.text,
      ...(request.threadId === undefined ? {} : { threadId: request.threadId }),
      ...(request.replyToId === undefined ? {} : { replyToId: request.replyToId }),
      ...(request.sessionKey === undefined ? {} : { sessionKey: request.sessionKey }),
    });
    return { ...queued, to, accountId };
  }

  async awaitDelivery(outboxId: string, timeoutMs: number): Promise<OutboxRecord | undefined> {
    const { store, clock } = this.#parts;
    const deadline = clock.now() + timeoutMs;
    for (;;) {
      const row = await store.call.outbox.explain({ outboxId });
      if (!row || row.settledAt !== undefined || clock.now() >= deadline) return row;
      await clock.sleep(Math.min(DELIVERY_POLL_MS, Math.max(1, deadline - clock.now())));
    }
  }

  async replayOutbound(
    outboxId: string,
    options: { fromStart?: boolean } = {},
  ): Promise<OutboxRecord | undefined> {
    const { store, clock } = this.#parts;
    const row = await store.call.outbox.replay({ outboxId, ...options, now: clock.now() });
    if (row) this.#parts.pump.poke(row.channel, row.accountId);
    return row;
  }

  /** Looks at what waits to be sent: `now` lets a message go before its pause is over. Returns how many wait. */
  async hastenOutbound(choose: (row: OutboxRecord) => "now" | "when-due" | "leave"): Promise<number> {
    const { store, clock, pump } = this.#parts;
    const rows = await store.call.outbox.list({ status: "queued", limit: DELIVERY_PAGE_LIMIT });
    const chosen = rows
      .map((row) => ({ row, choice: choose(row) }))
      .filter(({ choice }) => choice !== "leave");
    const outboxIds = chosen.filter(({ choice }) => choice === "now").map(({ row }) => row.outboxId);
    if (outboxIds.length > 0) await store.call.outbox.hasten({ outboxIds, now: clock.now() });
    for (const { row } of chosen) pump.poke(row.channel, row.accountId);
    return chosen.length;
  }

  async startAccount(channel: string, accountId?: string): Promise<ChannelAccountSnapshot> {
    const supervisor = this.#account(channel, accountId);
    await supervisor.start();
    return supervisor.snapshot;
  }

  async stopAccount(channel: string, accountId?: string): Promise<ChannelAccountSnapshot> {
    const supervisor = this.#account(channel, accountId);
    await supervisor.stop();
    return supervisor.snapshot;
  }

  async approvePairing(params: {
    channel: string;
    accountId?: string;
    code: string;
    notify?: boolean;
  }): Promise<PairingApproval | undefined> {
    const { store, clock, logger, foundation } = this.#parts;
    const plugin = this.#channel(params.channel);
    const approved = await store.call.channelPairing.approve({
      channel: plugin.id,
      code: params.code,
      ...(params.accountId === undefined ? {} : { accountId: params.accountId }),
      now: clock.now(),
    });
    if (!approved) return undefined;
    const { senderId, accountId } = approved;
    const tell = plugin.pairing?.notifyApproval;
    if (params.notify === false) return { senderId, accountId, notification: "not-requested" };
    if (!tell) return { senderId, accountId, notification: "unsupported" };
    try {
      await tell.call(plugin.pairing, {
        cfg: foundation.config(),
        id: senderId,
        accountId,
        ...(approved.meta ? { meta: approved.meta } : {}),
        runtime: this.#parts.runtime,
      });
      return { senderId, accountId, notification: "sent" };
    } catch (error) {
      logger.warn("the sender could not be told about the approval", { channel: plugin.id, error });
      return { senderId, accountId, notification: "failed" };
    }
  }

  tellsApproval(channel: string): boolean {
    return this.#parts.foundation.directory.get(channel)?.pairing?.notifyApproval !== undefined;
  }

  #channel(idOrAlias: string) {
    const plugin = this.#parts.foundation.directory.get(idOrAlias);
    if (plugin) return plugin;
    const known = this.#parts.foundation.directory.list().map((candidate) => candidate.id);
    throw new SluiceError(
      "CHANNEL_UNKNOWN",
      `there is no channel "${idOrAlias}"; loaded channels: ${known.join(", ") || "none"}`,
    );
  }

  #account(channel: string, accountId: string | undefined) {
    const plugin = this.#channel(channel);
    const id =
      accountId ?? this.#parts.foundation.directory.defaultAccountId(plugin, this.#parts.foundation.config());
    const supervisor = this.#parts.accounts.get(plugin.id, id);
    if (supervisor) return supervisor;
    throw new SluiceError("ACCOUNT_UNKNOWN", `the channel ${plugin.id} has no account "${id}"`);
  }
}
