import type { ChannelConfig } from "../../contracts/channel.ts";
import type { InboundMessage, InboundResult } from "../../contracts/channel-runtime.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Disposable } from "../../kernel/disposable.ts";
import { errorMessage, isSluiceError, SluiceError } from "../../kernel/errors.ts";
import { newSortableId } from "../../kernel/ids.ts";
import type { Logger } from "../../kernel/logger.ts";
import type { HookRunner } from "../../plugins/types.ts";
import type { AgentRuntime } from "../../runtime/agent/types.ts";
import type { Store } from "../../store/index.ts";
import type { InboxRecord } from "../../store/procedures/inbox-rows.ts";
import type { TurnRequest } from "../../store/records.ts";
import { asNumber, asRecord, channelAccountConfig } from "../config-values.ts";
import type { ChannelDirectory } from "../directory.ts";
import type { MessageOutlet } from "../outbound/outlet.ts";
import { isControlCommandMessage } from "./commands.ts";
import { InboundDebouncer, resolveInboundDebounceMs } from "./debouncer.ts";
import { DedupeCache } from "./dedupe.ts";
import { type GateResult, InboundGate, NOT_MENTIONED } from "./gate.ts";
import { type HeardMessage, heardMessage, heardTurn } from "./heard.ts";
import { InboundHooks } from "./hooks.ts";
import type { HostDesk, Intercepted } from "./host-desk.ts";
import { PairingDesk } from "./pairing-desk.ts";
import { boundedText, conversationKey, type InboxPayload, type PreparedTurn } from "./records.ts";
import { SerialByKey } from "./serial.ts";
import { type Remainder, type SessionCommandParts, SessionCommands } from "./session-commands.ts";
import { buildTurnRequest, routeMessage } from "./turn-request.ts";

export const DEDUPE_TTL_MS = 20 * 60_000;
export const DEDUPE_MAX_KEYS = 5_000;
/** Attempts to start a turn before a message is dead. */
export const MAX_START_ATTEMPTS = 5;
export const START_RETRY_MS = [1_000, 5_000, 25_000, 120_000] as const;
export const DEFAULT_HISTORY_LIMIT = 50;
/** Rows read at a time when a start takes up what is open. */
const RESUME_PAGE = 200;
/** How often a message of a channel that is not loaded is looked at again. */
export const PARKED_RETRY_MS = 30_000;

export interface PipelineParts {
  store: Store;
  agent: AgentRuntime;
  hooks: HookRunner;
  channels: ChannelDirectory;
  config(): ChannelConfig;
  outlet: MessageOutlet;
  /** What is answered before the agent hears of it. */
  desk: HostDesk;
  sessions?: SessionCommandParts["sessions"];
  clock: Clock;
  logger: Logger;
  /** Something came in from this account. */
  onInbound?(channel: string, accountId: string): void;
}

interface Waiting {
  record: InboxRecord;
  message: InboundMessage;
  gate: GateResult;
}

/**
 * The way of a message from a channel to a turn: record → access → mention → debounce → route → turn.
 * Once `receive` has resolved the row is durable; a restart goes on from the rows (DESIGN §1).
 */
export class InboundPipeline implements Disposable {
  readonly #parts: PipelineParts;
  readonly #gate: InboundGate;
  readonly #told: InboundHooks;
  readonly #pairing: PairingDesk;
  readonly #commands: SessionCommands;
  readonly #seen: DedupeCache;
  readonly #lanes = new SerialByKey();
  readonly #debouncer: InboundDebouncer<Waiting>;
  readonly #retries = new Map<string, Disposable>();
  #closed = false;

  constructor(parts: PipelineParts) {
    this.#parts = parts;
    this.#gate = new InboundGate(parts);
    this.#told = new InboundHooks(parts);
    this.#pairing = new PairingDesk(parts, this.#told);
    this.#commands = new SessionCommands(parts);
    this.#seen = new DedupeCache({
      ttlMs: DEDUPE_TTL_MS,
      maxSize: DEDUPE_MAX_KEYS,
      now: () => parts.clock.now(),
    });
    this.#debouncer = new InboundDebouncer({
      clock: parts.clock,
      debounceMs: 0,
      buildKey: bufferKey,
      shouldDebounce: ({ message }) => !isControlCommandMessage(message.text),
      resolveDebounceMs: ({ record }) =>
        resolveInboundDebounceMs({ cfg: parts.config(), channel: record.channel }),
      onFlush: async (items) => {
        await this.#flush(items);
      },
    });
  }

  /**
   * Records a message and decides about it. Resolves once its turn is recorded, or it is settled otherwise.
   *
   * @throws SluiceError `CHANNELS_STOPPING` after `drain`, or a `StoreErrorCode` when it could not be recorded
   */
  async receive(input: InboundMessage): Promise<InboundResult> {
    const { store, clock } = this.#parts;
    this.#assertOpen();
    const message: InboundMessage = {
      ...input,
      text: boundedText(input.text),
      timestamp: input.timestamp ?? clock.now(),
    };
    if (input.textForAgent !== undefined) message.textForAgent = boundedText(input.textForAgent);
    if (
      message.sender.isSelf ||
      this.#parts.outlet.isEcho(message.channel, message.accountId, message.messageId)
    ) {
      return { status: "ignored", inboxId: "", reason: "echo" };
    }
    const key = `${message.channel}\0${message.accountId}\0${message.messageId}`;
    if (this.#seen.peek(key)) return { status: "duplicate", inboxId: "", reason: "seen" };
    const payload: InboxPayload = { v: 1, mode: "message", message };
    const { inserted, record } = await store.call.inbox.accept({
      inboxId: newSortableId(clock.now()),
      channel: message.channel,
      accountId: message.accountId,
      messageId: message.messageId,
      conversation: conversationKey(message),
      payload,
      receivedAt: clock.now(),
    });
    this.#seen.check(key);
    this.#parts.onInbound?.(message.channel, message.accountId);
    if (!inserted) return duplicateOf(record);
    return this.#inLane(record);
  }

  /**
   * Records a turn that a plugin prepared itself. `duplicate` when the message is known.
   *
   * @throws like {@link InboundPipeline.receive}
   */
  async accept(
    turn: PreparedTurn,
    key: { channel: string; accountId: string; messageId: string },
    beforeStart: (runId: string) => void,
  ): Promise<InboundResult> {
    const { store, clock } = this.#parts;
    this.#assertOpen();
    const payload: InboxPayload = { v: 1, mode: "turn", turn };
    const { inserted, record } = await store.call.inbox.accept({
      inboxId: newSortableId(clock.now()),
      ...key,
      conversation: turn.request.sessionKey,
      payload,
      receivedAt: clock.now(),
    });
    this.#parts.onInbound?.(key.channel, key.accountId);
    if (!inserted) return duplicateOf(record);
    beforeStart(record.inboxId);
    return this.#inLane(record);
  }

  /** Takes up every message that an earlier process recorded and did not settle. */
  async resume(): Promise<{ resumed: number }> {
    const { store, logger } = this.#parts;
    let afterOrdinal = 0;
    let resumed = 0;
    for (;;) {
      const page = await store.call.inbox.open({ status: "pending", afterOrdinal, limit: RESUME_PAGE });
      resumed += page.length;
      // A page at a time: however much is open, only this much of it is in memory.
      await Promise.all(
        page.map((record) =>
          this.#inLane(record).catch((error) => {
            logger.error("a recorded message could not be taken up", { inboxId: record.inboxId, error });
          }),
        ),
      );
      const last = page.at(-1);
      if (!last || page.length < RESUME_PAGE) return { resumed };
      afterOrdinal = last.ordinal;
    }
  }

  /** Settled messages are tried again as new rows; see `inbox.replay`. */
  async replay(inboxId: string): Promise<InboundResult | undefined> {
    const now = this.#parts.clock.now();
    const record = await this.#parts.store.call.inbox.replay({
      inboxId,
      newInboxId: newSortableId(now),
      now,
    });
    return record ? this.#inLane(record) : undefined;
  }

  /** Refuses new messages, flushes what is being collected, and waits for decisions in flight. */
  async drain(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#retries.values()) await timer.dispose();
    this.#retries.clear();
    await this.#debouncer.drain();
    await this.#lanes.idle();
  }

  async dispose(): Promise<void> {
    this.#debouncer.clear();
    await this.drain();
  }

  #assertOpen(): void {
    if (!this.#closed) return;
    throw new SluiceError(
      "CHANNELS_STOPPING",
      "the gateway is stopping; deliver the message again after the restart",
      {
        retryable: true,
      },
    );
  }

  #inLane(record: InboxRecord): Promise<InboundResult> {
    return this.#lanes.run(`${record.channel}\0${record.accountId}\0${record.conversation}`, async () => {
      try {
        return await this.#process(record);
      } catch (error) {
        return this.#failed(record, error);
      }
    });
  }

  async #process(record: InboxRecord): Promise<InboundResult> {
    const payload = record.payload as InboxPayload;
    if (payload.mode === "turn") {
      this.#told.received(record, payload.turn.request, {
        from: payload.turn.ctx.From ?? payload.turn.ctx.SenderId ?? "",
        content: payload.turn.ctx.RawBody ?? payload.turn.request.text,
        senderId: payload.turn.ctx.SenderId,
        threadId: payload.turn.ctx.MessageThreadId,
        timestamp: payload.turn.ctx.Timestamp,
      });
      const heard = heardTurn(record, payload.turn);
      const settled = await this.#beforeTurn(heard);
      if (settled && "reason" in settled) {
        const { to, toThreadId: threadId } = heard;
        return this.#answered(record, { to, ...(threadId === undefined ? {} : { threadId }) }, settled);
      }
      const request = settled ? withText(payload.turn.request, settled.rest) : payload.turn.request;
      return this.#start({ ...request, runId: record.inboxId, inboxId: record.inboxId });
    }
    const { message } = payload;
    const cfg = this.#parts.config();
    const plugin = this.#parts.channels.get(record.channel);
    if (!plugin) {
      // Not a failed attempt: the row waits for its plugin, however long that takes.
      this.#again(record, PARKED_RETRY_MS);
      return { status: "buffered", inboxId: record.inboxId, reason: "channel-not-loaded" };
    }
    const gate = await this.#gate.decide(message, plugin, cfg);
    if (gate.access.decision === "pairing") return this.#pairing.ask(record, message, plugin);
    if (gate.access.decision === "block") return this.#ignore(record, gate.access.reason);
    const route = routeMessage(message, cfg);
    this.#told.received(record, route, {
      from: message.reply.to,
      content: message.text,
      senderId: message.sender.id,
      threadId: message.conversation.threadId,
      timestamp: message.timestamp,
      metadata: { ...message.metadata, senderName: message.sender.name, chatType: message.conversation.kind },
    });
    const heard = heardMessage(record, message, { ...route, ...authorityOf(gate) });
    if (gate.skip && !this.#parts.desk.isBound(heard)) return this.#ignore(record, gate.skip);
    const item: Waiting = { record, message, gate };
    if (this.#debouncer.shouldBuffer(item)) {
      void this.#debouncer.enqueue(item);
      return { status: "buffered", inboxId: record.inboxId };
    }
    await this.#debouncer.flushKey(bufferKey(item));
    return (await this.#flush([item])) as InboundResult;
  }

  /** One message, or several that came in quick succession and become one. */
  async #flush(items: Waiting[]): Promise<InboundResult | undefined> {
    const last = items.at(-1);
    if (!last) return undefined;
    try {
      if (items.length > 1) {
        last.message = { ...last.message, text: items.map((item) => item.message.text).join("\n") };
        delete last.message.textForAgent;
        await this.#parts.store.call.inbox.merge({
          into: last.record.inboxId,
          inboxIds: items.map((item) => item.record.inboxId),
          payload: { v: 1, mode: "message", message: last.message } satisfies InboxPayload,
          now: this.#parts.clock.now(),
        });
      }
      return await this.#decideTurn(last);
    } catch (error) {
      return this.#failed(last.record, error);
    }
  }

  async #decideTurn({ record, message, gate }: Waiting): Promise<InboundResult> {
    const cfg = this.#parts.config();
    const route = routeMessage(message, cfg);
    const heard = heardMessage(record, message, { ...route, ...authorityOf(gate) });
    const settled = await this.#beforeTurn(heard);
    if (settled && "reason" in settled) return this.#answered(record, message.reply, settled);
    if (settled) {
      message.text = settled.rest;
      delete message.textForAgent;
    }
    const history = await this.#history(record, message, cfg);
    return this.#start(
      buildTurnRequest({
        message,
        route,
        history,
        inboxId: record.inboxId,
        cfg,
        commandAuthorized: gate.commandAuthorized,
      }),
    );
  }

  /** What settles a message without a turn, or what a command left of it for the agent. */
  async #beforeTurn(heard: HeardMessage): Promise<Intercepted | Remainder | undefined> {
    const settled = (await this.#commands.stop(heard)) ?? (await this.#parts.desk.intercept(heard));
    if (settled) return settled;
    const claimed = await this.#told.claim(heard);
    if (claimed) {
      return { reason: "handled-by-hook", ...(claimed.text ? { reply: claimed.text } : {}) };
    }
    return this.#commands.reset(heard);
  }

  async #start(request: TurnRequest): Promise<InboundResult> {
    const accepted = await this.#parts.agent.accept(request);
    return {
      status: "accepted",
      inboxId: request.inboxId ?? "",
      runId: accepted.runId,
      sessionKey: accepted.sessionKey,
    };
  }

  async #history(
    record: InboxRecord,
    message: InboundMessage,
    cfg: ChannelConfig,
  ): Promise<InboundMessage[]> {
    if (message.conversation.kind === "direct") return [];
    const settings = channelAccountConfig(cfg, record.channel, record.accountId);
    const shared = asRecord(asRecord(cfg["messages"])["groupChat"])["historyLimit"];
    const limit = asNumber(settings["historyLimit"]) ?? asNumber(shared) ?? DEFAULT_HISTORY_LIMIT;
    if (limit <= 0) return [];
    const rows = await this.#parts.store.call.inbox.history({
      channel: record.channel,
      accountId: record.accountId,
      conversation: record.conversation,
      reason: NOT_MENTIONED,
      limit,
      beforeOrdinal: record.ordinal,
    });
    return rows
      .map((row) => row.payload as InboxPayload)
      .flatMap((payload) => (payload.mode === "message" ? [payload.message] : []));
  }

  async #ignore(record: InboxRecord, reason: string): Promise<InboundResult> {
    await this.#parts.store.call.inbox.ignore({
      inboxId: record.inboxId,
      reason,
      now: this.#parts.clock.now(),
    });
    return { status: "ignored", inboxId: record.inboxId, reason };
  }

  /** Settles a message that the desk took; its answer is queued before the row says so. */
  async #answered(
    record: InboxRecord,
    target: { to: string; threadId?: string },
    { reason, reply }: Intercepted,
  ): Promise<InboundResult> {
    if (reply && target.to !== "") await this.#reply(record, target, reply);
    return { ...(await this.#ignore(record, reason)), status: "handled" };
  }

  async #reply(record: InboxRecord, target: { to: string; threadId?: string }, text: string): Promise<void> {
    await this.#parts.outlet.enqueue({
      idempotencyKey: `reply:${record.inboxId}`,
      channel: record.channel,
      accountId: record.accountId,
      to: target.to,
      ...(target.threadId === undefined ? {} : { threadId: target.threadId }),
      text,
    });
  }

  /** Keeps the row and tries again later; gives up as dead, listed and replayable. */
  async #failed(record: InboxRecord, error: unknown): Promise<InboundResult> {
    const { store, clock, logger } = this.#parts;
    const reason = errorMessage(error);
    if (this.#closed || (isSluiceError(error) && error.code === "STORE_CLOSED")) {
      return { status: "buffered", inboxId: record.inboxId, reason };
    }
    const attempt = record.attempts;
    const delay = START_RETRY_MS[Math.min(attempt, START_RETRY_MS.length - 1)] as number;
    const noted = await store.call.inbox.defer({
      inboxId: record.inboxId,
      reason,
      availableAt: clock.now() + delay,
    });
    if (!noted) return { status: "handled", inboxId: record.inboxId, reason };
    logger.warn("a message could not be turned into a turn", {
      inboxId: record.inboxId,
      attempts: noted.attempts,
      error,
    });
    if (noted.attempts >= MAX_START_ATTEMPTS) {
      await store.call.inbox.dead({ inboxId: record.inboxId, reason, now: clock.now() });
      return { status: "ignored", inboxId: record.inboxId, reason };
    }
    this.#again({ ...record, attempts: noted.attempts }, delay);
    return { status: "buffered", inboxId: record.inboxId, reason };
  }

  #again(record: InboxRecord, delayMs: number): void {
    const { clock, logger } = this.#parts;
    if (this.#closed) return;
    const timer = clock.after(delayMs, () => {
      this.#retries.delete(record.inboxId);
      this.#inLane(record).catch((error) => {
        logger.error("a recorded message could not be taken up", { inboxId: record.inboxId, error });
      });
    });
    this.#retries.set(record.inboxId, timer);
  }
}

/** Quick messages of one sender in one conversation become one. */
function bufferKey({ record, message }: Waiting): string {
  return [record.channel, record.accountId, record.conversation, message.sender.id].join("\0");
}

/** A prepared turn that says something else than its message: the words behind a command. */
function withText(request: PreparedTurn["request"], text: string): PreparedTurn["request"] {
  const { transcriptText: _whole, context, ...rest } = request;
  const { commandBody: _command, ...facts } = context ?? {};
  return { ...rest, text, context: facts };
}

function authorityOf({ commandAuthorized, wasMentioned }: GateResult): {
  authorized: boolean;
  wasMentioned: boolean;
} {
  return { authorized: commandAuthorized, wasMentioned };
}

function duplicateOf(record: InboxRecord): InboundResult {
  const result: InboundResult = { status: "duplicate", inboxId: record.inboxId, reason: record.status };
  if (record.runId !== undefined) result.runId = record.runId;
  if (record.sessionKey !== undefined) result.sessionKey = record.sessionKey;
  return result;
}
