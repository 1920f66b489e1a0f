import { join } from "node:path";
import type { ChannelAccountSnapshot, ChannelConfig } from "../contracts/channel.ts";
import type {
  ChannelRuntime,
  InboundMessage,
  InboundResult,
  IngressQueue,
} from "../contracts/channel-runtime.ts";
import type { SessionAttachment, SessionAttachmentResult } from "../contracts/plugin-api/sessions.ts";
import type { Clock } from "../kernel/clock.ts";
import { withDeadline } from "../kernel/deadline.ts";
import type { Disposable } from "../kernel/disposable.ts";
import { isSluiceError } from "../kernel/errors.ts";
import type { Logger } from "../kernel/logger.ts";
import { Scope } from "../kernel/scope.ts";
import type { HookRunner, RegistryReader } from "../plugins/types.ts";
import { agentWorkspaceDir, defaultAgentId } from "../runtime/agent/settings.ts";
import type { AgentRuntime, ReplyPlanner } from "../runtime/agent/types.ts";
import type { ConfigService } from "../runtime/config/types.ts";
import type { ApprovalEvent } from "../runtime/workflow/approvals.ts";
import type { Store } from "../store/index.ts";
import type { OutboxRecord } from "../store/procedures/outbox-rows.ts";
import { ChannelAccounts } from "./accounts/accounts.ts";
import { accountsToRestart } from "./accounts/config-changes.ts";
import { ChannelActivity } from "./activity.ts";
import type { ChannelDirectory } from "./directory.ts";
import type { ChannelFoundation } from "./foundation.ts";
import { type ConversationRooms, HostDesk } from "./inbound/host-desk.ts";
import { InboundPipeline } from "./inbound/pipeline.ts";
import type { SessionCommandParts } from "./inbound/session-commands.ts";
import { ChannelOperations } from "./operations.ts";
import { MessageOutlet } from "./outbound/outlet.ts";
import { OutboundPump } from "./outbound/pump.ts";
import { SessionAttachments } from "./outbound/session-attachments.ts";
import { RetentionSweep } from "./retention.ts";
import { createChannelRuntime } from "./runtime/channel-runtime.ts";
import { agentOfKey } from "./runtime/dispatch.ts";
import { openIngressQueue } from "./runtime/ingress-queue.ts";
import type { ChannelService, ChannelStatus, PairingApproval, SendRequest } from "./types.ts";

/** A start waits this long for messages of an earlier process; whatever a plugin does with them, others come in. */
export const RESUME_WAIT_MS = 10_000;

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
  readonly #operations: ChannelOperations;
  readonly #attachments: SessionAttachments;
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
    const mediaFolder = join(parts.stateDir, "media");
    const mediaRoots = (sessionKey: string | undefined) => [
      workspaceOf(sessionKey, config(), parts.stateDir),
      mediaFolder,
    ];
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
      mediaRoots,
      onOutbound: noteOutbound,
      isReady: (channel, accountId) => this.#accounts.get(channel, accountId)?.ready === true,
      signalOf: (channel, accountId) => this.#accounts.get(channel, accountId)?.signal,
      accounts: () => this.#accounts.list(),
    });
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
    this.#operations = new ChannelOperations({
      foundation,
      accounts: this.#accounts,
      outlet: this.#outlet,
      pump: this.#pump,
      runtime: this.runtime,
      store,
      clock,
      logger: parts.logger,
    });
    this.#attachments = new SessionAttachments({
      store,
      channels: directory,
      outlet: this.#outlet,
      mediaRoots,
      awaitDelivery: (outboxId, timeoutMs) => this.awaitDelivery(outboxId, timeoutMs),
    });
    this.#retention = new RetentionSweep({ store, clock, logger, mediaFolder });
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
    const resumed = await this.#resumed();
    await this.#accounts.reconcile();
    this.#retention.start();
    return { resumed, ...recovered };
  }

  /** Messages taken up again; those that take long are taken up beside the new ones. */
  async #resumed(): Promise<number> {
    const { clock, logger } = this.#parts;
    const resuming = this.#pipeline.resume();
    try {
      return (await withDeadline(resuming, RESUME_WAIT_MS, RESUMING, clock)).resumed;
    } catch (error) {
      if (!isSluiceError(error) || error.code !== "TIMEOUT") throw error;
      logger.warn("messages of an earlier process are still being taken up", { waitedMs: RESUME_WAIT_MS });
      resuming.catch((failure: unknown) =>
        logger.error("messages of an earlier process could not be taken up", { error: failure }),
      );
      return 0;
    }
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
    return this.#operations.status();
  }

  receive(message: InboundMessage): Promise<InboundResult> {
    return this.#pipeline.receive(message);
  }

  send(
    request: SendRequest,
  ): Promise<{ outboxId: string; inserted: boolean; to: string; accountId: string }> {
    return this.#operations.send(request);
  }

  sendAttachment(pluginId: string, attachment: SessionAttachment): Promise<SessionAttachmentResult> {
    return this.#attachments.send(pluginId, attachment);
  }

  awaitDelivery(outboxId: string, timeoutMs: number): Promise<OutboxRecord | undefined> {
    return this.#operations.awaitDelivery(outboxId, timeoutMs);
  }

  replayInbound(inboxId: string): Promise<InboundResult | undefined> {
    return this.#pipeline.replay(inboxId);
  }

  replayOutbound(outboxId: string, options?: { fromStart?: boolean }): Promise<OutboxRecord | undefined> {
    return this.#operations.replayOutbound(outboxId, options);
  }

  hastenOutbound(choose: (row: OutboxRecord) => "now" | "when-due" | "leave"): Promise<number> {
    return this.#operations.hastenOutbound(choose);
  }

  startAccount(channel: string, accountId?: string): Promise<ChannelAccountSnapshot> {
    return this.#operations.startAccount(channel, accountId);
  }

  stopAccount(channel: string, accountId?: string): Promise<ChannelAccountSnapshot> {
    return this.#operations.stopAccount(channel, accountId);
  }

  approvePairing(
    params: Parameters<ChannelService["approvePairing"]>[0],
  ): Promise<PairingApproval | undefined> {
    return this.#operations.approvePairing(params);
  }

  tellsApproval(channel: string): boolean {
    return this.#operations.tellsApproval(channel);
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
}

const RESUMING = "taking up messages of an earlier process";

/** Whether the plugin that owns a channel also registered HTTP routes. */
function ownsRoutes(registry: RegistryReader, channel: string): boolean {
  const generation = registry.current();
  const owner = generation.get("channel", channel)?.pluginId;
  return owner !== undefined && generation.list("httpRoute").some((route) => route.pluginId === owner);
}

/** Where the files of a session's agent live. */
function workspaceOf(sessionKey: string | undefined, cfg: ChannelConfig, stateDir: string): string {
  const agentId = sessionKey === undefined ? undefined : agentOfKey(sessionKey);
  return agentWorkspaceDir(cfg, stateDir, agentId ?? defaultAgentId(cfg));
}
