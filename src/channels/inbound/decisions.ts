import type { ChannelConfig } from "../../contracts/channel.ts";
import type { InboundMessage, InboundResult } from "../../contracts/channel-runtime.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Logger } from "../../kernel/logger.ts";
import type { HookRunner } from "../../plugins/types.ts";
import type { AgentRuntime } from "../../runtime/agent/index.ts";
import type { Store } from "../../store/index.ts";
import type { InboxRecord } from "../../store/procedures/inbox-rows.ts";
import type { TurnRequest } from "../../store/records.ts";
import { asNumber, asRecord, channelAccountConfig } from "../config-values.ts";
import type { ChannelDirectory } from "../directory.ts";
import type { MessageOutlet } from "../outbound/outlet.ts";
import { isControlCommandMessage } from "./commands.ts";
import { InboundDebouncer, resolveInboundDebounceMs } from "./debouncer.ts";
import { type GateResult, InboundGate, NOT_MENTIONED } from "./gate.ts";
import { type HeardMessage, heardMessage, heardTurn } from "./heard.ts";
import { InboundHooks } from "./hooks.ts";
import type { HostDesk, Intercepted } from "./host-desk.ts";
import { PairingDesk } from "./pairing-desk.ts";
import { receivedMessage, receivedTurn } from "./received-event.ts";
import type { InboxPayload, PreparedTurn } from "./records.ts";
import { type Remainder, type SessionCommandParts, SessionCommands } from "./session-commands.ts";
import type { StartRetries } from "./start-retries.ts";
import { buildTurnRequest, routeMessage } from "./turn-request.ts";

const DEFAULT_HISTORY_LIMIT = 50;
/** How often a message of a channel that is not loaded is looked at again. */
export const PARKED_RETRY_MS = 30_000;

export interface DecisionParts {
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
}

interface Waiting {
  record: InboxRecord;
  message: InboundMessage;
  gate: GateResult;
}

/** What becomes of a recorded message: access → mention → debounce → host and hooks → turn (spec 1.18). */
export class InboundDecisions {
  readonly #parts: DecisionParts;
  readonly #retries: StartRetries;
  readonly #gate: InboundGate;
  readonly #told: InboundHooks;
  readonly #pairing: PairingDesk;
  readonly #commands: SessionCommands;
  readonly #debouncer: InboundDebouncer<Waiting>;

  constructor(parts: DecisionParts, retries: StartRetries) {
    this.#parts = parts;
    this.#retries = retries;
    this.#gate = new InboundGate(parts);
    this.#told = new InboundHooks(parts);
    this.#pairing = new PairingDesk(parts, this.#told);
    this.#commands = new SessionCommands(parts);
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

  /** Decides about what is being collected, at once. */
  drain(): Promise<void> {
    return this.#debouncer.drain();
  }

  /** Lets go of what is being collected; its rows stay open. */
  clear(): void {
    this.#debouncer.clear();
  }

  /** Resolves once the turn of a recorded message is recorded, or the message is settled otherwise. */
  async decide(record: InboxRecord): Promise<InboundResult> {
    const payload = record.payload as InboxPayload;
    if (payload.mode === "turn") {
      this.#told.received(record, payload.turn.request, receivedTurn(payload.turn));
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
      this.#retries.later(record, PARKED_RETRY_MS);
      return { status: "buffered", inboxId: record.inboxId, reason: "channel-not-loaded" };
    }
    const gate = await this.#gate.decide(message, plugin, cfg);
    if (gate.access.decision === "pairing") return this.#pairing.ask(record, message, plugin);
    if (gate.access.decision === "block") return this.#ignore(record, gate.access.reason);
    const route = routeMessage(message, cfg);
    this.#told.received(record, route, receivedMessage(message));
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
      if (items.length > 1) await this.#merge(items, last);
    } catch (error) {
      // None of them has become part of another: each waits for its own next try.
      const failed = items.map((item) => this.#retries.failed(item.record, error));
      return (await Promise.all(failed)).at(-1);
    }
    try {
      return await this.#decideTurn(last);
    } catch (error) {
      return this.#retries.failed(last.record, error);
    }
  }

  /** The last message takes the words of those before it, which its row supersedes. */
  async #merge(items: Waiting[], last: Waiting): Promise<void> {
    const { textForAgent: _itsOwn, ...message } = last.message;
    message.text = items.map((item) => item.message.text).join("\n");
    const payload = { v: 1, mode: "message", message } satisfies InboxPayload;
    await this.#parts.store.call.inbox.merge({
      into: last.record.inboxId,
      inboxIds: items.map((item) => item.record.inboxId),
      payload,
      now: this.#parts.clock.now(),
    });
    last.message = message;
    // A later try begins with what the row says now.
    last.record = { ...last.record, payload };
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
