import { join } from "node:path";
import type { ChannelAccountSnapshot, ChannelConfig } from "../contracts/channel.ts";
import type {
  ChannelRuntime,
  InboundMessage,
  InboundResult,
  IngressQueue,
} from "../contracts/channel-runtime.ts";
import type { ToolRegistration } from "../contracts/registrations.ts";
import type { Clock } from "../kernel/clock.ts";
import type { Disposable } from "../kernel/disposable.ts";
import { SluiceError } from "../kernel/errors.ts";
import type { Logger } from "../kernel/logger.ts";
import { Scope } from "../kernel/scope.ts";
import type { HookRunner, RegistryReader } from "../plugins/types.ts";
import type { AgentRuntime, ReplyPlanner } from "../runtime/agent/types.ts";
import type { ConfigService } from "../runtime/config/types.ts";
import type { ApprovalEvent } from "../runtime/workflow/approvals.ts";
import type { Store } from "../store/index.ts";
import type { OutboxRecord } from "../store/procedures/outbox-rows.ts";
import { ChannelAccounts } from "./accounts/accounts.ts";
import { accountsToRestart } from "./accounts/config-changes.ts";
import { ChannelActivity } from "./activity.ts";
import { ChannelDirectory } from "./directory.ts";
import { type ConversationRooms, HostDesk } from "./inbound/host-desk.ts";
import { InboundPipeline } from "./inbound/pipeline.ts";
import type { SessionCommandParts } from "./inbound/session-commands.ts";
import { MessageTool } from "./message-tool/message-tool.ts";
import { LiveReplies } from "./outbound/live-replies.ts";
import { MessageOutlet } from "./outbound/outlet.ts";
import { ChannelReplyPlanner } from "./outbound/planner.ts";
import { OutboundPump } from "./outbound/pump.ts";
import { RetentionSweep } from "./retention.ts";
import { resolveTarget } from "./routing/target.ts";
import { createChannelRuntime } from "./runtime/channel-runtime.ts";
import { openIngressQueue } from "./runtime/ingress-queue.ts";

/**
 * Parts that exist before the agent: the agent needs the planner, the channels need the agent. The
 * composition root makes these first, then the agent, then the service.
 */
export interface ChannelFoundation {
  readonly directory: ChannelDirectory;
  readonly live: LiveReplies;
  readonly planner: ChannelReplyPlanner;
  readonly messageTool: MessageTool;
  /** For the agent runtime's `coreTools`. */
  readonly tools: readonly ToolRegistration[];
  readonly config: () => ChannelConfig;
}

/** Makes the planner that the agent runtime takes. */
export function createChannelFoundation(parts: {
  registry: RegistryReader;
  config: ConfigService;
  clock: Clock;
}): ChannelFoundation {
  const config = () => parts.config.current().config as ChannelConfig;
  const directory = new ChannelDirectory(parts.registry);
  const live = new LiveReplies();
  const messageTool = new MessageTool({ directory, config });
  const planner = new ChannelReplyPlanner({
    channels: directory,
    config,
    live,
    clock: parts.clock,
    alreadySaid: (runId, to, text) => messageTool.hasSent(runId, to, text),
  });
  return { directory, live, planner, messageTool, tools: [messageTool.registration], config };
}

export interface ChannelServiceParts {
  foundation: ChannelFoundation;
  store: Store;
  registry: RegistryReader;
  hooks: HookRunner;
  agent: AgentRuntime;
  config: ConfigService;
  clock: Clock;
  logger: Logger;
  /** Where approvals and bound conversations are decided; absent: neither exists. */
  rooms?: ConversationRooms;
  /** Where conversations begin afresh; absent: `/new` and `/reset` are ordinary words. */
  sessions?: SessionCommandParts["sessions"];
  /** Absolute path; for session store handles and received media. */
  stateDir: string;
  /** In [0, 1); spreads retries. */
  random?(): number;
}

export interface ChannelStatus {
  id: string;
  label: string;
  defaultAccountId: string;
  accounts: ChannelAccountSnapshot[];
}

export interface PairingApproval {
  senderId: string;
  accountId: string;
  notification: "not-requested" | "sent" | "unsupported" | "failed";
}

export interface SendRequest {
  channel: string;
  accountId?: string;
  /** A target as people type it. */
  to: string;
  text: string;
  threadId?: string;
  replyToId?: string;
  sessionKey?: string;
  idempotencyKey: string;
}

export interface ChannelService extends Disposable {
  readonly runtime: ChannelRuntime;
  readonly planner: ReplyPlanner;
  /** Takes up what an earlier process left, starts the accounts and the pump. */
  start(): Promise<{ resumed: number; requeued: number; unknown: string[] }>;
  /** Refuses new messages and finishes deciding about those that were recorded. The first step of a stop. */
  stopIntake(): Promise<void>;
  /** Refuses new messages and waits up to `limitMs` for those on their way; the rest stays in the rows. */
  drain(limitMs: number): Promise<void>;
  status(): ChannelStatus[];
  /** Records a message that came in. */
  receive(message: InboundMessage): Promise<InboundResult>;
  /** Queues a message; durable when it resolves. */
  send(request: SendRequest): Promise<{ outboxId: string; inserted: boolean; to: string; accountId: string }>;
  /** Resolves when an outbox row is settled, or with its present state after `timeoutMs`. */
  awaitDelivery(outboxId: string, timeoutMs: number): Promise<OutboxRecord | undefined>;
  replayInbound(inboxId: string): Promise<InboundResult | undefined>;
  replayOutbound(outboxId: string, options?: { fromStart?: boolean }): Promise<OutboxRecord | undefined>;
  startAccount(channel: string, accountId?: string): Promise<ChannelAccountSnapshot>;
  stopAccount(channel: string, accountId?: string): Promise<ChannelAccountSnapshot>;
  /** Approves a pairing code and tells the sender where the channel can. */
  approvePairing(params: {
    channel: string;
    accountId?: string;
    code: string;
    /** Default true. */
    notify?: boolean;
  }): Promise<PairingApproval | undefined>;
  /** Whether a channel can tell a sender about an approval. */
  tellsApproval(channel: string): boolean;
  /** `api.runtime.state.openChannelIngressQueue` of one plugin: bound to the channel it registered. */
  openIngressQueue(
    pluginId: string,
    options: { accountId?: string | null; now?: () => number },
  ): IngressQueue;
  onStatusChange(listener: (channel: string, snapshot: ChannelAccountSnapshot) => void): Disposable;
}

/** How often a waited-for row is looked at. */
const DELIVERY_POLL_MS = 250;

export function createChannelService(parts: ChannelServiceParts): ChannelService {
  return new Channels(parts);
}

class Channels implements ChannelService {
  readonly runtime: ChannelRuntime;
  readonly planner: ReplyPlanner;
  readonly #parts: ChannelServiceParts;
  readonly #directory: ChannelDirectory;
  readonly #accounts: ChannelAccounts;
  readonly #outlet: MessageOutlet;
  readonly #pump: OutboundPump;
  readonly #pipeline: InboundPipeline;
  readonly #desk: HostDesk;
  readonly #retention: RetentionSweep;
  readonly #scope = new Scope("channels");
  readonly #listeners = new Set<(channel: string, snapshot: ChannelAccountSnapshot) => void>();

  constructor(parts: ChannelServiceParts) {
    this.#parts = parts;
    const { foundation, store, hooks, agent, clock, registry } = parts;
    const { directory, live, config } = foundation;
    const logger = parts.logger.child("channels");
    const random = parts.random ?? Math.random;
    const activity = new ChannelActivity();
    const noteInbound = (channel: string, accountId: string) => {
      const at = clock.now();
      activity.record({ channel, accountId, direction: "inbound", at });
      this.#accounts.get(channel, accountId)?.note({ lastInboundAt: at });
    };
    const noteOutbound = (channel: string, accountId: string) => {
      const at = clock.now();
      activity.record({ channel, accountId, direction: "outbound", at });
      this.#accounts.get(channel, accountId)?.note({ lastOutboundAt: at });
    };
    this.planner = foundation.planner;
    this.#directory = directory;
    this.#outlet = new MessageOutlet({ store, channels: directory, config, clock });
    this.#pump = new OutboundPump({
      store,
      channels: directory,
      hooks,
      live,
      outlet: this.#outlet,
      config,
      clock,
      logger,
      random,
      onOutbound: noteOutbound,
      isReady: (channel, accountId) => this.#accounts.get(channel, accountId)?.ready === true,
      signalOf: (channel, accountId) => this.#accounts.get(channel, accountId)?.signal,
      accounts: () => this.#accounts.list(),
    });
    const mediaFolder = join(parts.stateDir, "media");
    foundation.messageTool.connect((message) => this.#outlet.enqueue(message), logger, mediaFolder);
    this.#outlet.listen((channel, accountId) => this.#pump.poke(channel, accountId));
    this.#desk = new HostDesk({
      ...(parts.rooms ? { rooms: parts.rooms } : {}),
      registry,
      hooks,
      channels: directory,
      config,
      outlet: this.#outlet,
      logger,
    });
    this.#pipeline = new InboundPipeline({
      store,
      desk: this.#desk,
      ...(parts.sessions ? { sessions: parts.sessions } : {}),
      agent,
      hooks,
      channels: directory,
      config,
      outlet: this.#outlet,
      clock,
      logger,
      onInbound: noteInbound,
    });
    this.runtime = createChannelRuntime({
      store,
      agent,
      hooks,
      directory,
      config,
      live,
      clock,
      logger,
      activity,
      pipeline: this.#pipeline,
      outlet: this.#outlet,
      stateDir: parts.stateDir,
    });
    this.#accounts = new ChannelAccounts(directory, {
      clock,
      logger,
      config,
      random,
      runtime: this.runtime,
      hasRoutes: (plugin) => ownsRoutes(registry, plugin.id),
      onChange: (channel, snapshot) => {
        if (snapshot.running && snapshot.connected !== false) this.#pump.poke(channel, snapshot.accountId);
        for (const listener of this.#listeners) listener(channel, snapshot);
      },
    });
    this.#retention = new RetentionSweep({ store, clock, logger });
    if (parts.rooms) {
      const show = (event: ApprovalEvent) =>
        void this.#desk
          .showQuestion(event)
          .catch((error: unknown) => logger.error("an approval could not be shown in its chat", { error }));
      this.#scope.use(parts.rooms.approvals.onEvent(show), "approval prompts");
    }
  }

  async start(): Promise<{ resumed: number; requeued: number; unknown: string[] }> {
    const { registry, config, agent, foundation } = this.#parts;
    this.#scope.use(
      agent.onFinished((outcome) => {
        foundation.live.finished(outcome);
        foundation.messageTool.forget(outcome.runId);
        const target = foundation.planner.takeTarget(outcome.runId);
        if (target) this.#pump.poke(target.channel, target.accountId);
      }),
      "turn listener",
    );
    this.#scope.use(
      registry.onChange(() => void this.#accounts.reconcile()),
      "registry listener",
    );
    this.#scope.use(
      config.onChange((next, previous) => void this.#configChanged(next.config, previous.config)),
      "config listener",
    );
    const recovered = await this.#pump.start();
    const { resumed } = await this.#pipeline.resume();
    await this.#accounts.reconcile();
    this.#retention.start();
    return { resumed, ...recovered };
  }

  stopIntake(): Promise<void> {
    return this.#pipeline.drain();
  }

  async drain(limitMs: number): Promise<void> {
    await this.#pipeline.drain();
    await this.#pump.drain(limitMs);
  }

  async dispose(): Promise<void> {
    this.#retention.dispose();
    await this.#scope.dispose();
    await this.#accounts.dispose();
    await this.#pipeline.dispose();
    await this.#pump.dispose();
  }

  status(): ChannelStatus[] {
    const cfg = this.#parts.foundation.config();
    return this.#directory.list().map((plugin) => ({
      id: plugin.id,
      label: plugin.meta?.label ?? plugin.id,
      defaultAccountId: this.#directory.defaultAccountId(plugin, cfg),
      accounts: this.#accounts.snapshots(plugin.id),
    }));
  }

  receive(message: InboundMessage): Promise<InboundResult> {
    return this.#pipeline.receive(message);
  }

  async send(
    request: SendRequest,
  ): Promise<{ outboxId: string; inserted: boolean; to: string; accountId: string }> {
    const cfg = this.#parts.foundation.config();
    const plugin = this.#channel(request.channel);
    if (request.text.trim() === "") {
      throw new SluiceError("INVALID_REQUEST", "the message is empty; give it a text");
    }
    const accountId = request.accountId ?? this.#directory.defaultAccountId(plugin, cfg);
    const to = await resolveTarget(plugin, { cfg, accountId, input: request.to });
    const queued = await this.#outlet.enqueue({
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

  replayInbound(inboxId: string): Promise<InboundResult | undefined> {
    return this.#pipeline.replay(inboxId);
  }

  async replayOutbound(
    outboxId: string,
    options: { fromStart?: boolean } = {},
  ): Promise<OutboxRecord | undefined> {
    const { store, clock } = this.#parts;
    const row = await store.call.outbox.replay({ outboxId, ...options, now: clock.now() });
    if (row) this.#pump.poke(row.channel, row.accountId);
    return row;
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
        runtime: this.runtime,
      });
      return { senderId, accountId, notification: "sent" };
    } catch (error) {
      logger.warn("the sender could not be told about the approval", { channel: plugin.id, error });
      return { senderId, accountId, notification: "failed" };
    }
  }

  tellsApproval(channel: string): boolean {
    return this.#directory.get(channel)?.pairing?.notifyApproval !== undefined;
  }

  openIngressQueue(
    pluginId: string,
    options: { accountId?: string | null; now?: () => number },
  ): IngressQueue {
    const { store, clock, registry } = this.#parts;
    const own = registry
      .current()
      .ofPlugin(pluginId)
      .find((entry) => entry.kind === "channel");
    // A plugin may open its queue before its channel is in force; by convention both have one id.
    return openIngressQueue({ store, clock }, { channel: own?.key ?? pluginId, ...options });
  }

  onStatusChange(listener: (channel: string, snapshot: ChannelAccountSnapshot) => void): Disposable {
    this.#listeners.add(listener);
    return { dispose: () => void this.#listeners.delete(listener) };
  }

  #configChanged(next: ChannelConfig, previous: ChannelConfig): Promise<void> {
    const restarts = new Map(
      this.#directory.list().map((plugin) => [plugin.id, accountsToRestart(plugin, previous, next)]),
    );
    return this.#accounts.reconcile((channel, accountId) => {
      const which = restarts.get(channel);
      return which === "all" || (which instanceof Set && which.has(accountId));
    });
  }

  #channel(idOrAlias: string) {
    const plugin = this.#directory.get(idOrAlias);
    if (plugin) return plugin;
    const known = this.#directory.list().map((candidate) => candidate.id);
    throw new SluiceError(
      "CHANNEL_UNKNOWN",
      `there is no channel "${idOrAlias}"; loaded channels: ${known.join(", ") || "none"}`,
    );
  }

  #account(channel: string, accountId: string | undefined) {
    const plugin = this.#channel(channel);
    const id = accountId ?? this.#directory.defaultAccountId(plugin, this.#parts.foundation.config());
    const supervisor = this.#accounts.get(plugin.id, id);
    if (supervisor) return supervisor;
    throw new SluiceError("ACCOUNT_UNKNOWN", `the channel ${plugin.id} has no account "${id}"`);
  }
}

/** Whether the plugin that owns a channel also registered HTTP routes. */
function ownsRoutes(registry: RegistryReader, channel: string): boolean {
  const generation = registry.current();
  const owner = generation.get("channel", channel)?.pluginId;
  return owner !== undefined && generation.list("httpRoute").some((route) => route.pluginId === owner);
}
