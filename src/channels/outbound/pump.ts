import type { Disposable } from "../../kernel/disposable.ts";
import { Scope } from "../../kernel/scope.ts";
import type { OutboxRecord } from "../../store/procedures/outbox-rows.ts";
import { ambiguousPolicy, Delivery, type DeliveryParts } from "./delivery.ts";
import { DeliveryEnds } from "./delivery-ends.ts";
import { hearsOutgoing } from "./outgoing-hooks.ts";

/** Messages of one account that are being sent at the same time, each to another recipient. */
export const MAX_PARALLEL_SENDS = 32;
/** Everything is looked at again this often, whatever was or was not announced. */
export const SWEEP_PERIOD_MS = 30_000;

export interface PumpParts extends DeliveryParts {
  /** Whether an account can send now; a row of one that cannot waits without using up attempts. */
  isReady(channel: string, accountId: string): boolean;
  /** Aborts when the account stops. */
  signalOf(channel: string, accountId: string): AbortSignal | undefined;
  /** Accounts to look at in a sweep. */
  accounts(): readonly { channel: string; accountId: string }[];
}

interface AccountLane {
  channel: string;
  accountId: string;
  inFlight: number;
  claiming: boolean;
  dirty: boolean;
  timer: Disposable | undefined;
  timerAt: number;
}

/**
 * Sends what the outbox holds: per recipient in order, recipients side by side. Woken when rows are
 * committed, when they become due, and when an account becomes ready.
 */
export class OutboundPump implements Disposable {
  readonly #parts: PumpParts;
  readonly #scope = new Scope("outbound pump");
  readonly #lanes = new Map<string, AccountLane>();
  readonly #flights = new Set<Promise<unknown>>();
  #stopping = true;

  constructor(parts: PumpParts) {
    this.#parts = parts;
  }

  /** Settles what an earlier process left half sent, then begins. */
  async start(): Promise<{ requeued: number; unknown: string[] }> {
    const { store, clock, channels, config, logger } = this.#parts;
    const resend = channels
      .list()
      .filter((plugin) => ambiguousPolicy(plugin, config()) === "resend")
      .map((plugin) => plugin.id);
    const total = { requeued: 0, unknown: [] as string[] };
    for (;;) {
      const step = await store.call.outbox.recover({ resend, now: clock.now() });
      total.requeued += step.requeued;
      total.unknown.push(...step.unknown);
      if (!step.more) break;
    }
    if (total.unknown.length > 0) {
      logger.warn("messages were being sent when the process died; whether they arrived is unknown", {
        outboxIds: total.unknown.slice(0, 20),
        count: total.unknown.length,
        next: "list them with deliveries.list and send them again with deliveries.replay",
      });
    }
    this.#stopping = false;
    this.#scope.use(
      clock.every(SWEEP_PERIOD_MS, () => this.sweep()),
      "outbox sweep",
    );
    this.sweep();
    return total;
  }

  sweep(): void {
    for (const { channel, accountId } of this.#parts.accounts()) this.poke(channel, accountId);
    for (const lane of this.#lanes.values()) this.poke(lane.channel, lane.accountId);
  }

  /** Something of this account may be due. */
  poke(channel: string, accountId: string): void {
    if (this.#stopping) return;
    const lane = this.#lane(channel, accountId);
    lane.dirty = true;
    if (!lane.claiming) void this.#claim(lane);
  }

  /** Takes nothing new and waits for what is being sent. */
  async drain(limitMs: number): Promise<void> {
    this.#stopping = true;
    const deadline = this.#parts.clock.sleep(limitMs, this.#scope.signal).catch(() => {});
    const idle = (async () => {
      while (this.#flights.size > 0) await Promise.allSettled(this.#flights);
    })();
    await Promise.race([idle, deadline]);
  }

  async dispose(): Promise<void> {
    this.#stopping = true;
    for (const lane of this.#lanes.values()) void lane.timer?.dispose();
    await this.#scope.dispose();
    await Promise.allSettled(this.#flights);
  }

  async #claim(lane: AccountLane): Promise<void> {
    const { store, clock, logger } = this.#parts;
    lane.claiming = true;
    try {
      while (lane.dirty && !this.#stopping) {
        lane.dirty = false;
        const room = MAX_PARALLEL_SENDS - lane.inFlight;
        if (room <= 0 || !this.#canSend(lane)) break;
        const { claimed, nextAt } = await store.call.outbox.claimDue({
          channel: lane.channel,
          accountId: lane.accountId,
          now: clock.now(),
          limit: room,
          markStarted: this.#sendsAtOnce(lane),
        });
        if (claimed.length === room) lane.dirty = true;
        for (const row of claimed) this.#launch(lane, row);
        this.#arm(lane, nextAt);
      }
    } catch (error) {
      logger.error("outbound messages could not be claimed", { channel: lane.channel, error });
    } finally {
      lane.claiming = false;
    }
  }

  #canSend(lane: AccountLane): boolean {
    return this.#parts.isReady(lane.channel, lane.accountId) || this.#parts.live.size > 0;
  }

  /** Nothing stands between the claim and the platform: both are recorded in one commit. */
  #sendsAtOnce(lane: AccountLane): boolean {
    const { hooks, channels } = this.#parts;
    return !hearsOutgoing(hooks) && channels.get(lane.channel)?.outbound?.reportsDispatch !== true;
  }

  #launch(lane: AccountLane, row: OutboxRecord): void {
    lane.inFlight += 1;
    const flight = this.#send(lane, row).finally(() => {
      lane.inFlight -= 1;
      this.#flights.delete(flight);
    });
    this.#flights.add(flight);
  }

  async #send(lane: AccountLane, row: OutboxRecord): Promise<void> {
    const { logger, live } = this.#parts;
    try {
      if (!live.has(row.runId) && !this.#parts.isReady(lane.channel, lane.accountId)) {
        await new DeliveryEnds(this.#parts, row, this.#scope.signal).release();
        return;
      }
      const signal = this.#parts.signalOf(lane.channel, lane.accountId) ?? this.#scope.signal;
      const end = await new Delivery(this.#parts, row, signal, this.#scope.signal).run();
      if (end !== "released") this.poke(lane.channel, lane.accountId);
    } catch (error) {
      // The row stays `sending`: it is settled by the next start, like after a crash.
      logger.error("an outbound message was left unsettled", { outboxId: row.outboxId, error });
    }
  }

  #arm(lane: AccountLane, nextAt: number | undefined): void {
    const now = this.#parts.clock.now();
    if (nextAt === undefined || (nextAt <= now && lane.inFlight >= MAX_PARALLEL_SENDS)) return;
    if (lane.timer && lane.timerAt <= nextAt && lane.timerAt > now) return;
    void lane.timer?.dispose();
    lane.timerAt = nextAt;
    lane.timer = this.#parts.clock.after(Math.max(0, nextAt - now), () => {
      lane.timer = undefined;
      this.poke(lane.channel, lane.accountId);
    });
  }

  #lane(channel: string, accountId: string): AccountLane {
    const key = `${channel}\0${accountId}`;
    let lane = this.#lanes.get(key);
    if (!lane) {
      lane = { channel, accountId, inFlight: 0, claiming: false, dirty: false, timer: undefined, timerAt: 0 };
      this.#lanes.set(key, lane);
    }
    return lane;
  }
}
